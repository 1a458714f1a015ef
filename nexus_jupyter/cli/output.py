"""What the commands print: text that a terminal can show, and counts."""

from __future__ import annotations

import sys

from ..diagnostics import visible


def printable(text: str) -> str:
    """``text`` without the characters that the terminal's encoding lacks."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # there is no stdout when it was closed
    return text.encode(encoding, "backslashreplace").decode(encoding)


def count(number: int, what: str) -> str:
    """``1 error``, ``2 errors``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def complain(command: str, message: str) -> None:
    """Says on stderr what a command could not do."""
    print(f"jupyter nexus {command}: {message}", file=sys.stderr)


def show_difference(lines: list[str]) -> None:
    """Print a unified diff: as it is for a program, without what would drive a terminal for a person."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    for line in lines:
        print(printable(visible(line) if terminal else line))


def write_to_stdout(text: str) -> None:
    """Writes ``text`` as it is, its line ends as well."""
    if sys.stdout is not None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()
