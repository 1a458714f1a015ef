"""One name that may stand at a cursor, with all that is to be told about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ..diagnostics import visible
from .nearest import short

CompletionKind = Literal[
    "element",
    "component",
    "attribute",
    "event",
    "value",
    "type",
    "state",
    "computed",
    "tool",
    "argument",
    "variable",
    "field",
    "extension",
    "method",
    "capability",
    "name",
    "global",
    "unavailable",
]

NOT_BUILT = "This version does not build it yet."

_SPACES = re.compile(r"\s+")
_WRITABLE = re.compile(r"[\w$ .:+/-]{1,100}")
# Single backticks only: Markdown pairs runs of them by their length, and would pair others than these.
_CODE = re.compile(r"((?<!`)`[^`\n]+`(?!`))")
_MARKUP = re.compile(r"([\\*_\[\]<>#!|~$&{}()+.^=:/-])")


@dataclass(frozen=True, slots=True)
class Completion:
    """A name offered: ``label`` is what is read, ``insert`` what is written, ``detail`` its type or signature.

    ``documentation`` is text in paragraphs: code in it stands in backticks, examples are indented by four spaces.
    """

    label: str
    kind: CompletionKind
    insert: str
    detail: str = ""
    documentation: str = ""


def item(label: str, kind: CompletionKind, detail: str = "", *documentation: str) -> Completion:
    """An item that inserts its label; empty paragraphs are left out."""
    return Completion(label, kind, label, detail, "\n\n".join(d for d in documentation if d))


def said(text: str) -> str:
    """What the document's author wrote about something, on one line of bearable length, nothing hidden in it."""
    return short(visible(_SPACES.sub(" ", text).strip()), 300)


def code(text: str) -> str:
    """A piece of the document, as code on one line."""
    return f"`{short(said(text).replace('`', chr(39)), 120)}`"


def writable(text: str) -> bool:
    """Whether a text that the document gives can stand in an attribute's value as it is."""
    return _WRITABLE.fullmatch(text) is not None


def example(text: str) -> str:
    """A paragraph that shows code."""
    return "\n".join(f"    {line}" for line in text.rstrip().split("\n")) if text else ""


def listed(lines: Iterable[str]) -> str:
    """A paragraph of lines, each of one thing."""
    return "\n".join(f"- {line}" for line in lines)


def markdown(text: str) -> str:
    """``text`` as Markdown in which only its backticks, lists and indented examples mean anything.

    Documents are foreign: what they say must not become links, pictures, formulas or markup.
    """
    out: list[str] = []
    for line in text.split("\n"):
        if line.startswith("    "):
            out.append(line)
            continue
        bullet, rest = ("- ", line[2:]) if line.startswith("- ") else ("", line)
        pieces = _CODE.split(rest)
        out.append(bullet + "".join(p if n % 2 else _MARKUP.sub(r"\\\1", p).replace("`", r"\`") for n, p in enumerate(pieces)))
    return "\n".join(out)
