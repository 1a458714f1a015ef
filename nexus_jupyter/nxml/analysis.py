"""What a panel's code reads, writes, calls and uses, piece by piece.

Found by parsing the JavaScript, never by looking for patterns in its text (NXML 1.0, section 6): a name in a string
is no reference, a local variable named like a global is none either.  Nothing here raises for what a document
contains; of code that is no JavaScript it tells what can be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from .analysis_flow import Flow
from .analysis_syntax import CodeKind, Syntax, syntax_of
from .ast import Element, Expression, NexusPanelAST
from .defaults import constraints, default_of, default_text
from .elements import ELEMENTS
from .outline import Outline
from .place import read_place

# Loops within loops over many states must not multiply.
_SOURCES = 16

SiteKind = Literal["handler", "computed", "default", "attribute", "text", "args", "bind"]


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What one piece of code does, each name once, in the order of the text.

    ``reads`` and ``writes`` name states and computed values as written, declared or not; ``…_all``: some that
    cannot be told (``$state[key]``, ``$state`` handed on).  ``extensions`` are (alias, method), method "" when
    it cannot be told.  ``scope`` names loop variables.  ``globals`` are the other free names, of the language
    (``$args``) or not.  ``yields``: the states in which an expression's value lives, so that what is written into
    it is written there.  ``awaits``: it waits for something.  ``broken``: it is not all JavaScript.
    """

    reads: tuple[str, ...] = ()
    reads_all: bool = False
    writes: tuple[str, ...] = ()
    writes_all: bool = False
    tools: tuple[str, ...] = ()
    tools_all: bool = False
    extensions: tuple[tuple[str, str], ...] = ()
    extensions_all: bool = False
    scope: tuple[str, ...] = ()
    scope_all: bool = False
    globals: tuple[str, ...] = ()
    yields: tuple[str, ...] = ()
    awaits: bool = False
    broken: bool = False


@dataclass(frozen=True, slots=True)
class CodeSite:
    """A piece of code in its place: the ``element`` it belongs to (for a handler its tool or lifecycle).

    ``attribute`` is the attribute's name, "" for text.  ``through`` lists, for what a view reads by loop variables,
    the states and computed values that the loops go over; ``held`` the states that a place bound by a loop
    variable writes to.
    """

    kind: SiteKind
    element: int
    path: str
    attribute: str
    facts: CodeFacts
    through: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


@dataclass(frozen=True)
class Analysis:
    """All pieces of a document's code, in document order."""

    sites: tuple[CodeSite, ...] = ()

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


def facts_of(source: str, kind: CodeKind) -> CodeFacts:
    """What one piece of code does; ``kind`` as in :class:`~nexus_jupyter.nxml.program.Code`."""
    tree = syntax_of(source, kind)
    if tree.given_up:
        body = kind == "body"
        return CodeFacts(reads_all=True, writes_all=body, tools_all=body, extensions_all=body, scope_all=not body, broken=True)
    flow = Flow(tree, pure=kind != "body")
    found = flow.found
    with_methods = {alias for alias, method in found.extensions if method}
    return CodeFacts(
        reads=_ordered(found.reads),
        reads_all="reads" in found.all,
        writes=_ordered(found.writes),
        writes_all="writes" in found.all,
        tools=_ordered(found.tools),
        tools_all="tools" in found.all,
        extensions=tuple(use for use in sorted(found.extensions, key=found.extensions.__getitem__) if use[1] or use[0] not in with_methods),
        extensions_all="extensions" in found.all,
        scope=_ordered(found.scope),
        scope_all="scope" in found.all,
        globals=_ordered(found.free),
        yields=flow.result() if kind != "body" else (),
        awaits=_awaits(tree, flow),
        broken=tree.broken,
    )


def _ordered(names: dict[str, int]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: (names[name], name)))


def _awaits(tree: Syntax, flow: Flow) -> bool:
    """Whether the code itself waits, not only a function in it."""
    for node, kind in enumerate(tree.kinds):
        waits = kind == "await_expression" or (kind == "for_in_statement" and tree.raw(node)[3:].lstrip().startswith("await"))
        if waits and flow.function_of(node) == 0:
            return True
    return False


def analyse(ast: NexusPanelAST) -> Analysis:
    """What all of a document's code does.  Time is linear in the document; never raises for what is in it."""
    return Analysis(tuple(_Reader(ast).sites()))


Scope = Mapping[str, tuple[str, ...]]


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
            if written is None:
                continue
            try:
                value = default_of(constraints(element), *written)
            except ValueError:
                continue
            if isinstance(value, Expression):
                yield self._site("default", element, "default", value.source, "expression")
        for element in self._outline.computed:
            attribute, raw = element.get("value"), element.raw
            expression = raw.expression if raw is not None else None
            if attribute is not None:
                expression = next((p for p in attribute.parts if isinstance(p, Expression)), None)
            if expression is not None:
                yield self._site("computed", element, "" if attribute is None else "value", expression.source, "expression")

    def _logic(self) -> Iterator[CodeSite]:
        for element in (*self._outline.tools, *self._outline.lifecycles):
            handler = next(element.elements("Handler"), None)
            if handler is not None:
                raw = handler.raw
                yield self._site("handler", element, "", "" if raw is None else raw.text, "body")

    def _view(self) -> Iterator[CodeSite]:
        view = self._outline.view
        if view is None:
            return
        todo: list[tuple[Element, Scope]] = [(element, {}) for element in view.elements()]
        while todo:
            element, scope = todo.pop()
            if element.name in ELEMENTS:
                continue
            yield from self._component(element, scope)
            inner = self._loop(element, scope) if element.name == "Iterate" else scope
            for child in element.elements():
                todo.append((child, scope if child.name == "Empty" and element.name == "Iterate" else inner))

    def _component(self, element: Element, scope: Scope) -> Iterator[CodeSite]:
        for name, attribute in element.attributes.items():
            if attribute.broken:
                continue
            for part in attribute.parts:
                if not isinstance(part, Expression):
                    continue
                if name == "bind":
                    yield self._bind(element, part, scope)
                elif name == "args":
                    yield self._site("args", element, name, part.source, "args", scope)
                else:
                    yield self._site("attribute", element, name, part.source, "expression", scope)
        for text in element.texts():
            for part in () if text.broken else text.parts:
                if isinstance(part, Expression):
                    yield self._site("text", element, "", part.source, "expression", scope)

    def _site(self, kind: SiteKind, element: Element, attribute: str, source: str, code: CodeKind, scope: Scope | None = None) -> CodeSite:
        facts = self._facts(source, code)
        return CodeSite(kind, element.id, self._ast.path(element.id), attribute, facts, self._through(facts, scope or {}))

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
        try:
            place = read_place(expression)
        except ValueError:
            place = None
        if place is not None and place.root == "$state":
            held = () if place.name is None else (place.name,)
        elif place is not None:
            through = self._through(facts, scope)
            held = self._states(scope.get(place.name or "", ()))
        return CodeSite("bind", element.id, self._ast.path(element.id), "bind", facts, through, held)

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
