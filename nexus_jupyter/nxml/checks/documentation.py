"""The reference of diagnostics, made from the rules: ``python -m nexus_jupyter.nxml.checks.documentation``."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

from ..codes import SEVERITIES
from . import structure
from .examples import EXAMPLES, READER
from .rule import RULES

_HEAD = """# Diagnostics

What the reader of a panel document reports, by code. An *error* keeps the panel from being made; *warnings* and *infos* do not.
Each comes with its place, and often with a fix that tools can apply. This page is made from the rules
themselves.
"""
_PARTS = re.compile(r"(What|Why|Remedy): +(.*?)(?= *(?:What|Why|Remedy): |\Z)", re.DOTALL)


def page() -> str:
    """The whole page, in Markdown: every code with its severity, what it wants, why, the remedy, and an example."""
    out = [_HEAD]
    for code in sorted(SEVERITIES):
        out.append(f"## {code}\n\n*{SEVERITIES[code]}*\n")
        for text in explanations(code):
            out.append("".join(f"- **{title}:** {body}\n" for title, body in text))
        example = EXAMPLES.get(code)
        if example:
            out.append(f"Gives it:\n\n```xml\n{example}\n```\n")
    return "\n".join(out)


def explanations(code: str) -> list[list[tuple[str, str]]]:
    """What is said of a code: for each rule that gives it, (title, text) for what, why and remedy."""
    texts = [READER[code]] if code in READER else []
    if code == "WRONG_ROOT":
        about = inspect.cleandoc(structure.wrong_root.__doc__ or "").removeprefix("WRONG_ROOT:").strip()
        texts.append(f"What: {about}")
    texts += [rule.documentation for rule in RULES if code in rule.codes]
    return [[(title, " ".join(body.replace("``", "`").split())) for title, body in _PARTS.findall(text)] for text in texts]


def main(arguments: list[str]) -> None:
    """Writes the page to the file that is named, or prints it."""
    if arguments:
        Path(arguments[0]).write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
