"""Handlers whose code was written with entities, as if it were markup text."""

from __future__ import annotations

from collections.abc import Iterator

from .javascript import Lexeme, lexemes
from .references import ENTITIES, decode_entities


def unescaped(code: str) -> str | None:
    """``code`` with the five entities decoded when it counts as escaped, else None.

    It does when an entity stands outside its strings, templates, comments and regular expressions and
    the entity's name is no variable of the handler (``a &lt;`` alone could mean ``a & lt;``).
    """
    if "&" not in code or not any(f"&{name};" in code for name in ENTITIES):
        return None
    found: set[str] = set()
    variables: set[str] = set()
    previous = before = ""
    for lexeme in _all(code):
        text = code[lexeme.start : lexeme.end]
        if lexeme.kind == "word" and text in ENTITIES:
            if previous == "&" and code[lexeme.start - 1] == "&" and code.startswith(";", lexeme.end):
                found.add(text)
            elif previous not in (".", "?."):
                variables.add(text)
        elif text == ":" and previous in variables and before in ("{", ","):
            variables.discard(previous)  # a key of an object literal names no variable
        before, previous = previous, text
    return decode_entities(code) if found - variables else None


def is_empty(code: str) -> bool:
    """Whether ``code`` does nothing: white space, comments and semicolons only."""
    return all(lexeme.kind == "comment" or code[lexeme.start] == ";" for lexeme in _all(code))


def _all(code: str) -> Iterator[Lexeme]:
    """All lexemes, also those behind a brace that closes nothing."""
    at = 0
    while at >= 0:
        start, at = at, -1
        for lexeme in lexemes(code, start, len(code)):
            yield lexeme
            if lexeme.kind == "end":
                at = lexeme.end
