"""The places that ``bind`` names: ``$state`` or ``$scope``, then ``.name`` and ``[expression]``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ..diagnostics import Span
from .ast import Expression
from .javascript import lexemes
from .spans import sub_span
from .values import identifier_problem

_ROOT = re.compile(r"\$(?:state|scope)(?![\w$])")
_STEP = re.compile(r"[ \t\r\n\f]*(?:\.[ \t\r\n\f]*([\w$]+)|(\[))")
# A key that is a text as it stands, without escapes.
_LITERAL = re.compile(r"""(["'`])([^"'`\\$\r\n]*+)\1""")
_FORBIDDEN = frozenset(("__proto__", "constructor", "prototype"))


@dataclass(frozen=True, slots=True)
class PlaceText:
    """A place as written: its root, and the names and computed keys that follow."""

    root: Literal["$state", "$scope"]
    path: tuple[str | Expression, ...]
    first: Span

    @property
    def name(self) -> str | None:
        """The state or loop variable it starts from, None when that is computed."""
        first = self.path[0]
        if isinstance(first, str):
            return first
        literal = _LITERAL.fullmatch(first.source)
        return None if literal is None else literal[2]


def read_place(expression: Expression) -> PlaceText:
    """The place that ``expression`` names; ``ValueError`` says why it names none."""
    text = expression.source
    root = _ROOT.match(text)
    if root is None:
        raise ValueError("a bound place starts with $state or $scope")
    path: list[str | Expression] = []
    first = expression.span
    at = root.end()
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            raise ValueError(f"after {text[:at][-60:]!r} only .name or [key] may follow")
        at = step.end()
        if step[2]:
            close = _closing(text, at)
            key = text[at:close].strip() if close >= 0 else ""
            if not key:
                raise ValueError("a [ has no key and closing ]")
            start = at + text[at:close].index(key)
            path.append(Expression(source=key, span=sub_span(expression.span, text, start, start + len(key))))
            at = close + 1
        else:
            name = step[1]
            if name in _FORBIDDEN or (not path and identifier_problem(name)) or not name.replace("$", "_").isidentifier():
                raise ValueError(f"{name[:60]!r} cannot be part of a place")
            path.append(name)
        if len(path) == 1:
            first = sub_span(expression.span, text, step.start() if step[2] else step.start(1), at)
    if not path:
        raise ValueError(f"{root[0]} itself is no place; name a value in it")
    return PlaceText("$state" if root[0] == "$state" else "$scope", tuple(path), first)


def _closing(text: str, at: int) -> int:
    """The offset of the ``]`` that matches a ``[`` before ``at``, or -1."""
    depth = 0
    for lexeme in lexemes(text, at, len(text)):
        if lexeme.kind == "punctuation":
            char = text[lexeme.start]
            if char in "([{":
                depth += 1
            elif char in ")]}":
                if depth == 0:
                    return lexeme.start if char == "]" else -1
                depth -= 1
    return -1
