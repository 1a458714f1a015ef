"""Writes a generated file, or prints it: what the commands of ``make generate`` have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def run(module: str, make: Callable[[], str], arguments: Sequence[str]) -> int:
    """Print what ``make`` gives, or write it to the file that ``arguments`` names; the exit status (2: usage)."""
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        print(f"usage: python -m {module} [FILE]", file=sys.stderr)
        return 2
    text = make()
    if arguments:
        Path(arguments[0]).write_text(text, encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(text)
    return 0
