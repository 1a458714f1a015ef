"""What a panel may learn of an exception in Python: its type and its sentence, and nothing of this machine."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from pydantic import ValidationError

HIDDEN = "[path]"
LONGEST = 2_000
_QUOTED = re.compile(r"(['\"`])(?:file://)?(?:[A-Za-z]:[\\/]|\\\\|~[\w.-]*[\\/]|/)[^'\"`\n]*\1")
# one slash or more, but not those of a URL
_BARE = re.compile(r"(?<![\w/\\.])(?:file://)?(?:[A-Za-z]:[\\/]|\\\\|~[\w.-]*[\\/]|(?<!:)//|/(?!/))[^\s'\"`<>|;:,()\[\]{}]+")
_OBJECT = re.compile(r"<[^<>\n]{1,300} at 0x[0-9A-Fa-f]+>")
_ADDRESS = re.compile(r"\b0x[0-9A-Fa-f]{6,}\b")


def discreet(text: str) -> str:
    """``text``, its first 2,000 characters, without the absolute paths in it and the addresses of objects."""
    text = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    for folder in _own_folders():  # first, since these may contain spaces
        text = text.replace(folder, "/~")
    text = _QUOTED.sub(lambda match: f"{match[1]}{HIDDEN}{match[1]}", text)
    text = _BARE.sub(HIDDEN, text)
    return _ADDRESS.sub("0x…", _OBJECT.sub("an object", text))


def public_message(name: str, error: BaseException) -> str:
    """The sentence about ``error``, which the function ``name`` raised.

    The whole error, with its traceback, stays on the Python side.
    """
    if isinstance(error, OSError):
        text = error.strerror or ""  # its text names files
    elif isinstance(error, ValidationError):
        # its text shows the values
        details = error.errors(include_url=False, include_input=False, include_context=False)
        text = "; ".join(f"{'.'.join(map(str, d['loc'])) or error.title}: {d['msg']}" for d in details[:3])
    else:
        text = str(error)
    lines = text.strip().splitlines()
    reason = discreet(lines[0])[:300] if lines else ""
    return f"{name}() raised {type(error).__name__}" + (f": {reason}" if reason else "")


def _own_folders() -> list[str]:
    found = {sys.prefix, sys.base_prefix, tempfile.gettempdir()}
    for place in (os.getcwd, lambda: str(Path.home())):
        try:
            found.add(place())
        except (OSError, RuntimeError):
            continue
    return sorted((each for each in found if len(each) > 3), key=len, reverse=True)
