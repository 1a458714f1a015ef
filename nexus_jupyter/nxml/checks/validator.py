"""Walks a document once and lets every rule look at the elements it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, cached_property

from ...catalog import Catalog, catalog
from ...diagnostics import Diagnostic
from ..analysis import Analysis, analyse
from ..ast import Element, NexusPanelAST
from ..elements import ELEMENTS
from ..limits import DEFAULT_LIMITS
from ..outline import Outline
from ..problems import Problems
from . import (
    arguments,
    attributes,
    bindings,
    components,
    computed,
    control,
    data,
    events,
    lifecycle,
    logic,
    purity,
    references,
    structure,
    usage,
)
from .rule import BROKEN, CODE, COMPONENT, RULES, UNKNOWN, Context, Rule, Scope, Site

__all__ = ["ASTValidator"]

# Importing a module of rules registers them; naming them here keeps the order of registration fixed.
_MODULES = (
    *(structure, attributes, data, logic, lifecycle, components, control, events),
    *(references, purity, arguments, bindings, computed, usage),
)


@cache
def _rules_for(name: str, whole: bool) -> tuple[Rule, ...]:
    return tuple(r for r in RULES if name in r.on and (whole or not r.whole))


class ASTValidator:
    """Checks what a tree means: ``ASTValidator(ast).validate()``.

    Problems go to ``problems``, shared with the parser when one document is read in one go.  With the document's
    ``source`` places in code are exact also where references were decoded.
    """

    def __init__(
        self, ast: NexusPanelAST, *, problems: Problems | None = None, catalog: Callable[[], Catalog] = catalog, source: str = ""
    ) -> None:
        self.ast = ast
        self.problems = problems if problems is not None else Problems(DEFAULT_LIMITS.diagnostics)
        self._context = Context(Outline(ast), catalog, self.problems, lambda: self.analysis, source)

    @cached_property
    def analysis(self) -> Analysis:
        """What the document's code does."""
        return analyse(self.ast)

    def validate(self) -> tuple[Diagnostic, ...]:
        """All problems found so far, in document order; never raises for what the document contains."""
        panel = self.ast.panel
        if panel is not None and panel.name == "NexusPanel":
            for site, role in self._sites(panel):
                for rule in _rules_for(role, self.ast.complete):
                    rule.check(site, self._context)
            for piece in self.analysis.sites:
                roots = piece.facts.roots
                for rule in _rules_for(BROKEN if piece.facts.broken else CODE, self.ast.complete):
                    if not (rule.roots and rule.roots.isdisjoint(roots)):
                        rule.check(piece, self._context)
        elif panel is not None or self.ast.complete:
            structure.wrong_root(self.ast, self.problems)
        return self.problems.diagnostics(self.ast.path)

    def _sites(self, panel: Element) -> Iterator[tuple[Site, str]]:
        """Every element that stands where it can mean something, in document order, with its role."""
        todo: list[tuple[Site, bool]] = [(Site(panel, None), False)]
        while todo:
            site, in_view = todo.pop()
            element = site.element
            if in_view:
                yield site, COMPONENT if site.entry is not None else UNKNOWN
                if site.entry is not None:
                    # Rules of one component, such as If, come after those of all.
                    yield site, element.name
                children = [e for e in element.elements() if components.belongs(site, e, self._context)]
            else:
                yield site, element.name
                rule = ELEMENTS[element.name]
                if element.name == "View":
                    children = [e for e in element.elements() if e.name not in ELEMENTS]
                else:
                    children = [e for e in element.elements() if e.name in rule.children]
            inside = in_view or element.name == "View"
            for child in reversed(children):
                entry = self._context.catalog.components.get(child.name) if inside else None
                todo.append((Site(child, element, entry, _scope(site, child)), inside))


def _scope(site: Site, child: Element) -> Scope | None:
    """The loop variables of a child: an ``Iterate`` adds its own, except for its ``Empty``."""
    if site.entry is None or site.entry.name != "Iterate" or child.name == "Empty":
        return site.scope
    index = site.element.text("index")
    item = site.element.text("as") or "item"
    return Scope((item, index) if index else (item,), site.scope)
