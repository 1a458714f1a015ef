"""What a panel's code reads, writes, calls and uses, piece by piece.

Found by parsing the JavaScript, never by looking for patterns in its text (NXML 1.0, section 6): a name in a string
is no reference, a local variable named like a global is none either.  Nothing here raises for what a document
contains; of code that is no JavaScript it tells what can be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ..diagnostics import Span
from .analysis_facts import CodeFacts, facts_of
from .analysis_syntax import CodeKind
from .analysis_tools import ToolTable, local_safe
from .ast import Element, Expression, NexusPanelAST
from .defaults import constraints, default_of, default_text
from .elements import ELEMENTS
from .outline import Outline
from .place import PlaceText, read_place
from .whitespace import SPACE

__all__ = ["Analysis", "CodeFacts", "CodeSite", "Scope", "SiteKind", "ToolTable", "analyse", "facts_of", "local_safe"]

# Loops within loops over many states must not multiply.
_SOURCES = 16

SiteKind = Literal["handler", "computed", "default", "attribute", "text", "args", "bind"]
Scope = Mapping[str, tuple[str, ...]]
_OUTSIDE: Scope = {}


@dataclass(frozen=True, slots=True)
class CodeSite:
    """A piece of code in its place: the ``element`` it belongs to (for a handler its tool or lifecycle).

    ``attribute`` is the attribute's name, "" for text.  ``source`` is the code as it is meant: references decoded, a
    handler's lines without their common ``indent``; ``span`` is where it stands.  ``scope`` are the loop variables
    that it may read, each with where its items come from.  ``through`` lists, for what a view reads by loop variables,
    the states and computed values that the loops go over; ``held`` the states that a place bound by a loop
    variable writes to; ``place`` is what a ``bind`` names, None when it names no place.
    """

    kind: SiteKind
    element: int
    ast: NexusPanelAST = field(repr=False, compare=False)
    attribute: str
    facts: CodeFacts
    source: str
    span: Span
    indent: str = ""
    scope: Scope = field(default_factory=dict)
    through: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    place: PlaceText | None = None

    @property
    def code(self) -> CodeKind:
        """How the text is read."""
        return "body" if self.kind == "handler" else "args" if self.kind == "args" else "expression"

    @property
    def path(self) -> str:
        """Where the element stands in the document."""
        return self.ast.path(self.element)


@dataclass(frozen=True)
class Analysis:
    """All pieces of a document's code, in document order."""

    sites: tuple[CodeSite, ...] = ()

    @cached_property
    def tools(self) -> ToolTable:
        """What each tool does, by name, tools that it calls included; of equal names the first counts."""
        return ToolTable(self._named("handler", "Tool"))

    @cached_property
    def computed(self) -> Mapping[str, CodeFacts]:
        """What the expression of each computed value does, by name; of equal names the first counts.

        ``local_safe(analysis.computed[name])`` says whether it could run without the kernel, where what it reads is.
        """
        return self._named("computed", "Computed")

    def _named(self, kind: SiteKind, element: str) -> dict[str, CodeFacts]:
        found: dict[str, CodeFacts] = {}
        for site in self.sites:
            if site.kind == kind and (owner := site.ast.element(site.element)).name == element:
                found.setdefault(owner.text("name"), site.facts)
        return found

    @cached_property
    def by_element(self) -> Mapping[int, tuple[CodeSite, ...]]:
        """The pieces of each element that has any, by the element's number."""
        out: dict[int, list[CodeSite]] = {}
        for site in self.sites:
            out.setdefault(site.element, []).append(site)
        return {number: tuple(sites) for number, sites in out.items()}

    def of(self, element: int) -> tuple[CodeSite, ...]:
        """The pieces of one element."""
        return self.by_element.get(element, ())


def analyse(ast: NexusPanelAST) -> Analysis:
    """What all of a document's code does.  Time is linear in the document; never raises for what is in it."""
    return Analysis(tuple(_Reader(ast).sites()))


class _Reader:
    """Goes through one document.  Equal pieces of code are looked at once."""

    def __init__(self, ast: NexusPanelAST) -> None:
        self._ast = ast
        self._outline = Outline(ast)
        self._known: dict[tuple[str, CodeKind], CodeFacts] = {}
        self._yields: dict[str, tuple[str, ...]] = {}

    def _facts(self, source: str, kind: CodeKind) -> CodeFacts:
        found = self._known.get((source, kind))
        if found is None:
            found = self._known[source, kind] = facts_of(source, kind)
        return found

    def sites(self) -> Iterator[CodeSite]:
        """All of them."""
        found = [*self._data(), *self._logic()]
        self._yields = {self._ast.element(site.element).text("name"): site.facts.yields for site in found if site.kind == "computed"}
        found += self._view()
        return iter(sorted(found, key=lambda site: site.element))

    def _data(self) -> Iterator[CodeSite]:
        for element in self._outline.states:
            written = default_text(element)
            if written is None or not written[0].lstrip(SPACE).startswith("{"):
                continue
            try:
                value = default_of(constraints(element), *written)
            except ValueError:
                continue
            if isinstance(value, Expression):
                yield self._site("default", element, "default", value)
        for element in self._outline.computed:
            attribute, raw = element.get("value"), element.raw
            expression = raw.expression if raw is not None else None
            if attribute is not None:
                expression = next((p for p in attribute.parts if isinstance(p, Expression)), None)
            if expression is not None:
                yield self._site("computed", element, "" if attribute is None else "value", expression)

    def _logic(self) -> Iterator[CodeSite]:
        for element in (*self._outline.tools, *self._outline.lifecycles):
            handler = next(element.elements("Handler"), None)
            if handler is not None:
                raw = handler.raw
                code = ("", handler.span, "") if raw is None else (raw.text, raw.span, raw.indent)
                yield CodeSite("handler", element.id, self._ast, "", self._facts(code[0], "body"), *code)

    def _view(self) -> Iterator[CodeSite]:
        view = self._outline.view
        if view is None:
            return
        todo: list[tuple[Element, Scope]] = [(element, {}) for element in view.elements()]
        while todo:
            element, scope = todo.pop()
            if element.name in ELEMENTS:
                continue
            inner = self._loop(element, scope) if element.name == "Iterate" else scope
            yield from self._component(element, scope, inner)
            for child in element.elements():
                todo.append((child, scope if child.name == "Empty" and element.name == "Iterate" else inner))

    def _component(self, element: Element, outer: Scope, inner: Scope) -> Iterator[CodeSite]:
        for name, attribute in element.attributes.items():
            if attribute.broken:
                continue
            # A loop's key is found for each item.
            scope = outer if name in ("items", "over") else inner
            for part in attribute.parts:
                if not isinstance(part, Expression):
                    continue
                if name == "bind":
                    yield self._bind(element, part, scope)
                else:
                    yield self._site("args" if name == "args" else "attribute", element, name, part, scope)
        for text in element.texts():
            for part in () if text.broken else text.parts:
                if isinstance(part, Expression):
                    yield self._site("text", element, "", part, outer)

    def _site(self, kind: SiteKind, element: Element, attribute: str, code: Expression, scope: Scope | None = None) -> CodeSite:
        facts = self._facts(code.source, "args" if kind == "args" else "expression")
        through = self._through(facts, scope) if scope else ()
        return CodeSite(kind, element.id, self._ast, attribute, facts, code.source, code.span, "", scope or _OUTSIDE, through)

    def _through(self, facts: CodeFacts, scope: Scope) -> tuple[str, ...]:
        names = scope if facts.scope_all else facts.scope
        return tuple(dict.fromkeys(source for name in names for source in scope.get(name, ())))

    def _loop(self, element: Element, scope: Scope) -> Scope:
        """The loop variables within ``element``: where the items come from."""
        attribute = element.get("items") or element.get("over")
        part = None if attribute is None or attribute.broken else next((p for p in attribute.parts if isinstance(p, Expression)), None)
        sources: tuple[str, ...] = ()
        if part is not None:
            facts = self._facts(part.source, "expression")
            # what cannot be followed may come from all that was looked at
            sources = (facts.yields or tuple(dict.fromkeys((*facts.reads, *self._through(facts, scope)))))[:_SOURCES]
        inner = {**scope, element.text("as", "item"): sources}
        if index := element.text("index"):
            inner[index] = ()
        return inner

    def _bind(self, element: Element, expression: Expression, scope: Scope) -> CodeSite:
        facts = self._facts(expression.source, "expression")
        through: tuple[str, ...] = ()
        held: tuple[str, ...] = ()
        place: PlaceText | None = None
        with suppress(ValueError):
            place = read_place(expression)
        if place is not None and place.root == "$state":
            held = () if place.name is None else (place.name,)
        elif place is not None:
            through = self._through(facts, scope)
            held = self._states(scope.get(place.name or "", ()))
        return CodeSite("bind", element.id, self._ast, "bind", facts, expression.source, expression.span, "", scope, through, held, place)

    def _states(self, names: Iterable[str]) -> tuple[str, ...]:
        """The states in which what ``names`` give lives: computed values pass on what they were given."""
        out: dict[str, None] = {}
        seen: set[str] = set()
        todo = list(names)[::-1]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in self._yields and name not in self._outline.known_states:
                todo.extend(self._yields[name])
            else:
                out[name] = None
        return tuple(out)
