"""What an unfinished document declares: found from its tags alone, so that a text with a hole in it will do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import JsonValue

from .lexer import EndTag, RawText, StartTag, Token
from .references import decode
from .values import identifier_problem, json_value, names
from .whitespace import SPACE

_KINDS = frozenset(("State", "Computed", "Tool", "Extension"))


def attributes_of(source: str, tag: StartTag) -> dict[str, str]:
    """The decoded values of a tag's attributes, of repeated ones the first; one without a value is ``true``."""
    out: dict[str, str] = {}
    for token in tag.attributes:
        if token.name not in out:
            out[token.name] = "true" if token.value_start < 0 else decode(source[token.value_start : token.value_end])
    return out


@dataclass(slots=True)
class Declared:
    """One declaration: its element, its name and attributes, where it stands, and its raw text.

    ``arguments`` are those of a ``Tool``.
    """

    element: str
    name: str
    attributes: dict[str, str]
    start: int
    text: str = ""
    arguments: list[Declared] = field(default_factory=list)
    _example: tuple[JsonValue] | None = None

    @property
    def type(self) -> str:
        """The declared type as written, ``any`` when there is none."""
        return self.attributes.get("type", "").strip() or "any"

    @property
    def value(self) -> str:
        """The written default of a ``State`` or ``Arg``, or the expression of a ``Computed``."""
        return self.attributes.get("value" if self.element == "Computed" else "default", "") or self.text

    @property
    def optional(self) -> bool:
        """Whether an ``Arg`` may be left out."""
        return "default" in self.attributes or self.attributes.get("required") == "false"

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that ``enum`` lists."""
        return names(self.attributes.get("enum", ""))

    def example(self) -> JsonValue:
        """A value to learn a shape from: the default when it is JSON, else None; read once."""
        if self._example is None:
            try:
                self._example = (json_value(self.value),)
            except ValueError:
                self._example = (None,)
        return self._example[0]


class Names:
    """The states, computed values, tools and extensions of a document, by the names that code uses.

    ``states`` holds computed values, too.  Of equal names the first counts.
    """

    def __init__(self) -> None:
        self.states: dict[str, Declared] = {}
        self.tools: dict[str, Declared] = {}
        self.extensions: dict[str, Declared] = {}
        self._tool: Declared | None = None
        self._last: Declared | None = None

    def add(self, source: str, tokens: Iterable[Token], base: int = 0) -> None:
        """Take in the tokens of ``source``, which starts at ``base`` in the document; a second call goes on after the first."""
        for token in tokens:
            if isinstance(token, StartTag):
                self._start(source, token, base)
            elif isinstance(token, RawText):
                if self._last is not None:
                    self._last.text = decode(source[token.start : token.end]).strip(SPACE)
            elif isinstance(token, EndTag) and token.name in ("Tool", "Logic"):
                self._tool = None

    def _start(self, source: str, tag: StartTag, base: int) -> None:
        self._last = None
        if tag.name == "Arg":
            attributes = attributes_of(source, tag)
            name = attributes.get("name", "").strip()
            if self._tool is not None and not identifier_problem(name):
                self._tool.arguments.append(Declared("Arg", name, attributes, base + tag.start))
            return
        if tag.name not in _KINDS:
            return
        attributes = attributes_of(source, tag)
        name = attributes.get("name", "").strip()
        if tag.name == "Extension":
            name = attributes.get("alias", "").strip() or name.rpartition(".")[2]
        found = Declared(tag.name, name, attributes, base + tag.start)
        self._tool = found if tag.name == "Tool" and not tag.empty else None
        self._last = found if not tag.empty and tag.name in ("State", "Computed") else None
        if not identifier_problem(name):
            home = self.tools if tag.name == "Tool" else self.extensions if tag.name == "Extension" else self.states
            home.setdefault(name, found)
