"""Completion and inspection in ``%%nxml`` cells: Tab and Shift-Tab answer from the document.

A kernel is asked by messages, with positions in code points of the whole cell; IPython in a terminal asks its
completer.  Elsewhere than in the document of an ``%%nxml`` cell, IPython answers as ever.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .warming import load

if TYPE_CHECKING:
    from IPython.core.completer import Completion
    from IPython.core.interactiveshell import InteractiveShell

logger = logging.getLogger(__name__)

# What IPython takes for this cell magic: empty lines may come before it, and its name ends at a space.
_MAGIC = re.compile(r"(?:[ \t]*+\r?\n)*+[ \t]*+%%nxml(?: [^\n]*+|[^\S\n]*+)\n")

# Where JupyterLab looks for what kind of thing each match is.
_TYPES = "_jupyter_types_experimental"


def document_start(code: str, cursor: int) -> int:
    """Where the document of an ``%%nxml`` cell starts; -1 for another cell, and for a cursor in the magic's line."""
    match = _MAGIC.match(code)
    return match.end() if match is not None and cursor >= match.end() else -1


def completion_reply(code: str, cursor: int | None) -> dict[str, Any] | None:
    """The content of a ``complete_reply``; None when the cursor stands in no panel document."""
    cursor = len(code) if cursor is None else min(cursor, len(code))
    base = document_start(code, cursor)
    if base < 0:
        return None
    load()
    from ..nxml import complete

    found = complete(code[base:], cursor - base)
    start, end = base + found.start, base + found.end
    return {
        "status": "ok",
        "matches": [i.insert for i in found.items],
        "cursor_start": start,
        "cursor_end": end,
        "metadata": {
            _TYPES: [
                {"start": start, "end": end, "text": i.insert, "type": i.kind, "signature": i.detail if "(" in i.detail else ""}
                for i in found.items
            ]
        },
    }


def inspection_reply(code: str, cursor: int) -> dict[str, Any] | None:
    """The content of an ``inspect_reply``; None when the cursor stands in no panel document."""
    # JupyterLab asks about a match with a text that ends behind it and a cursor that may be past the end.
    cursor = min(cursor, len(code))
    base = document_start(code, cursor)
    if base < 0:
        return None
    load()
    from ..nxml import hover

    found = hover(code[base:], cursor - base)
    data = {} if found is None else {"text/plain": found.text, "text/markdown": found.markdown}
    return {"status": "ok", "found": found is not None, "data": data, "metadata": {}}


class _Shadow:
    """A method of one object, answered by ``answer`` first; the object's own takes over when that gives None."""

    def __init__(self, owner: Any, name: str, answer: Callable[[Any, Any], Any]) -> None:
        self._owner, self._name, self._answer = owner, name, answer
        self._kept = vars(owner).get(name)  # another extension's, if it did the same
        self._own = getattr(owner, name)
        setattr(owner, name, self)

    def __call__(self, code: str, cursor: int | None = None, *rest: Any, **named: Any) -> Any:
        try:
            answered = self._answer(code, cursor)
        except Exception:
            logger.debug("no answer for a cell", exc_info=True)
            answered = None
        return self._own(code, cursor, *rest, **named) if answered is None else answered

    def end(self) -> None:
        """Give the object its own method back; not when another extension has put something over it since."""
        if vars(self._owner).get(self._name) is not self:
            self._answer = lambda _code, _cursor: None
        elif self._kept is not None:
            setattr(self._owner, self._name, self._kept)
        else:
            delattr(self._owner, self._name)


_ATTRIBUTE = "_nexus_assist"


def attach(shell: InteractiveShell) -> None:
    """Have the shell's front ends helped in ``%%nxml`` cells from now on; again does nothing."""
    if hasattr(shell, _ATTRIBUTE):
        return
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        shadows = [_Shadow(shell.Completer, "completions", _in_terminal)]
    else:
        shadows = [_Shadow(kernel, "do_complete", completion_reply), _Shadow(kernel, "do_inspect", inspection_reply)]
    setattr(shell, _ATTRIBUTE, shadows)


def detach(shell: InteractiveShell) -> None:
    """Undo :func:`attach`."""
    for shadow in getattr(shell, _ATTRIBUTE, ()):
        shadow.end()
    if hasattr(shell, _ATTRIBUTE):
        delattr(shell, _ATTRIBUTE)


def _in_terminal(code: str, cursor: int) -> Iterator[Completion] | None:
    """The matches as IPython's completer gives them: its matchers would see one line, and add Python's names to ours."""
    reply = completion_reply(code, cursor)
    if reply is None:
        return None
    from IPython.core.completer import Completion, provisionalcompleter

    with provisionalcompleter():
        found = [
            Completion(t["start"], t["end"], t["text"], type=t["type"], signature=t["signature"], _origin="nexus")
            for t in reply["metadata"][_TYPES]
        ]
    return iter(found)
