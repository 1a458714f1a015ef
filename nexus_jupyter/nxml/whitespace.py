"""White space of texts: collapsing, and removing a common indent."""

from __future__ import annotations

import re
from typing import NamedTuple, TypeVar

from .javascript import lexemes

SPACE = " \t\r\n\f"
_RUN = re.compile(r"[ \t\r\n\f]+")
_INDENT = re.compile(r"[ \t]*")

T = TypeVar("T")


def collapsed(parts: tuple[str | T, ...]) -> tuple[str | T, ...]:
    """``parts`` with runs of white space in the literals made one space and the ends trimmed.

    Adjacent literals are joined, empty ones dropped; whatever is no string stays as it is.
    """
    out: list[str | T] = []
    for part in parts:
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] = out[-1] + part
        else:
            out.append(part)
    out = [_RUN.sub(" ", p) if isinstance(p, str) else p for p in out]
    if out and isinstance(out[0], str):
        out[0] = out[0].lstrip(" ")
    if out and isinstance(out[-1], str):
        out[-1] = out[-1].rstrip(" ")
    return tuple(p for p in out if p != "")


def dedented(parts: tuple[str | T, ...]) -> tuple[str | T, ...]:
    """``parts`` without their common indent, without empty lines at the start and white space at the end."""
    # A document holds no NUL (the reader replaces it), so that it can stand for a part.
    text = "".join(p if isinstance(p, str) else "\0" for p in parts)
    others = iter([p for p in parts if not isinstance(p, str)])
    clean = without_indent(text).text
    out: list[str | T] = []
    for i, literal in enumerate(clean.split("\0")):
        if i:
            out.append(next(others))
        if literal:
            out.append(literal)
    return tuple(out)


def trimmed(text: str) -> tuple[int, int]:
    """The bounds of ``text`` without white space at its ends; an empty range when there is nothing else."""
    start = len(text) - len(text.lstrip(SPACE))
    return start, max(start, len(text.rstrip(SPACE)))


class Dedented(NamedTuple):
    """A text without its common indent: the ``indent`` taken away, and where it starts in the original."""

    text: str
    indent: str
    start: int


def without_indent(text: str, *, code: bool = False) -> Dedented:
    """``text`` without empty lines at the start, white space at the end and the indent common to its lines.

    What stands on the line where ``text`` begins has no indent of its own and does not count.
    With ``code``, lines that start inside a template literal neither count nor change.
    """
    start, end = trimmed(text)
    line_start = text.rfind("\n", 0, start) + 1
    own_line = line_start > 0  # else the first line stands behind something else
    if not own_line:
        line_start = start
    lines = text[line_start:end].split("\n")
    fixed = lines_in_templates(text[line_start:end]) if code else frozenset()
    counted = [n for n, line in enumerate(lines) if n not in fixed and (n > 0 or own_line) and line.strip(SPACE)]
    indent = _common_indent([lines[n] for n in counted])
    width = len(indent)
    if width:
        for n, line in enumerate(lines):
            if n in fixed or (n == 0 and not own_line):
                continue
            lines[n] = line[width:] if line.startswith(indent) else line.lstrip(" \t")
    return Dedented("\n".join(lines), indent, line_start + (width if own_line else 0))


def _common_indent(lines: list[str]) -> str:
    """The white space that all of ``lines`` start with."""
    if not lines:
        return ""
    # What the least and the greatest share, all between them share as well.
    low, high = min(lines), max(lines)
    match = _INDENT.match(low)
    indent = match[0] if match else ""
    size = next((i for i, char in enumerate(indent) if not high.startswith(char, i)), len(indent))
    return indent[:size]


def with_indent(text: str, indent: str) -> str:
    """Code from :func:`without_indent` with its columns restored, its first line apart."""
    if not indent or "\n" not in text:
        return text
    fixed = lines_in_templates(text)
    lines = text.split("\n")
    return "\n".join(line if n == 0 or n in fixed or not line.strip(SPACE) else indent + line for n, line in enumerate(lines))


def lines_in_templates(body: str) -> frozenset[int]:
    """The numbers of the lines that start inside a template literal (or an unfinished one)."""
    if "`" not in body:
        return frozenset()
    out: set[int] = set()
    line = done = 0
    for lexeme in lexemes(body, 0, len(body)):
        if lexeme.kind in ("template", "broken", "end"):
            line += body.count("\n", done, lexeme.start)
            inside = body.count("\n", lexeme.start, lexeme.end)
            out.update(range(line + 1, line + inside + 1))
            line, done = line + inside, lexeme.end
    return frozenset(out)
