"""What the commands print: text that a terminal can show, and counts."""

from __future__ import annotations

import sys

from ..diagnostics import visible


def printable(text: str) -> str:
    """``text`` without the characters that the terminal's encoding lacks."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def count(number: int, what: str) -> str:
    """``1 error``, ``2 errors``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def complain(command: str, message: str) -> None:
    """Says on stderr what a command could not do."""
    print(f"jupyter nexus {command}: {message}", file=sys.stderr)


def show_difference(lines: list[str]) -> None:
    """Print a unified diff: as it is for a program, without what would drive a terminal for a person."""
    terminal = sys.stdout.isatty()
    for line in lines:
        print(printable(visible(line) if terminal else line))
