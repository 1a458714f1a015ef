"""Rules: small checks that document themselves, and what they are given to look at."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...catalog import CapabilityEntry, Catalog, ComponentEntry
from ...diagnostics import Fix, Severity, Span
from ..analysis import Analysis, CodeSite
from ..analysis_places import Places
from ..analysis_syntax import CodeKind, syntax_of
from ..ast import Element
from ..nearest import LIKE
from ..outline import Outline
from ..problems import Problems

COMPONENT = "*component"
UNKNOWN = "*unknown"
CODE = "*code"
BROKEN = "*broken"

_SHORTHAND = frozenset(("shorthand_property_identifier", "shorthand_property_identifier_pattern"))
# What cannot be the short form of a key is told from its neighbours, comments aside.
_BEFORE = re.compile(r"(?:[{,]|\*/|\n)[ \t\r\n]*\Z")
_AFTER = re.compile(r"[ \t\r\n]*[,}=/]")


@dataclass(frozen=True, slots=True)
class Scope:
    """The loop variables at a place in the view; ``outer`` holds those of enclosing loops."""

    names: tuple[str, ...]
    outer: Scope | None

    def all_names(self) -> Iterable[str]:
        """The names, inner ones first."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.names
            scope = scope.outer


@dataclass(frozen=True, slots=True)
class Site:
    """An element in its place.  ``entry`` is its catalog entry, None outside the view and for unknown
    components; ``scope`` the loop variables it may read, None outside loops."""

    element: Element
    parent: Element | None
    entry: ComponentEntry | None = None
    scope: Scope | None = None


class Context:
    """The whole document, the catalog, and where to report."""

    def __init__(
        self, outline: Outline, catalog: Callable[[], Catalog], problems: Problems, analysis: Callable[[], Analysis], source: str
    ) -> None:
        self.outline = outline
        self.problems = problems
        self._catalog = catalog
        self._analysis = analysis
        self._source = source
        self._places = Places(source)
        self._shorthands: dict[tuple[str, CodeKind], frozenset[tuple[int, int]]] = {}
        # attributes of which it was said that they are misspelt names of those that are missing
        self.slips: set[tuple[int, str]] = set()
        self.view_ids: dict[str, int] = {}
        self.arguments: dict[int, Any] = {}
        # attributes of which it was said that their braces cut a list
        self.cut_lists: set[tuple[int, str]] = set()

    @cached_property
    def catalog(self) -> Catalog:
        """The catalog; loaded when a rule first needs it."""
        return self._catalog()

    @cached_property
    def analysis(self) -> Analysis:
        """What the document's code does; found when a rule first needs it."""
        return self._analysis()

    @cached_property
    def unknown_extensions(self) -> tuple[str, ...]:
        """The aliases of extensions that the catalog does not have."""
        return tuple(alias for alias, name in self.outline.known_extensions.items() if self.catalog.extension(name) is None)

    @cached_property
    def known_capabilities(self) -> dict[str, CapabilityEntry]:
        """Our capabilities and those of the extensions that the document declares, by name."""
        return self.catalog.capabilities_with(self.outline.known_extensions.values())

    def nearest(self, name: str, known: Iterable[str], *, likeness: float = LIKE) -> str:
        """The known name most like ``name``, or ""."""
        return self.problems.nearest(name, known, likeness=likeness)

    def report(
        self,
        code: str,
        message: str,
        element: Element,
        span: Span | None = None,
        *,
        hint: str = "",
        fix: Fix | None = None,
        severity: Severity | None = None,
    ) -> None:
        """Reports a problem of ``element``, at ``span`` or at its name."""
        self.problems.report(code, message, span or element.name_span, node=element.id, hint=hint, fix=fix, severity=severity)

    def report_code(
        self,
        code: str,
        message: str,
        site: CodeSite,
        start: int,
        end: int,
        *,
        hint: str = "",
        instead: tuple[str, str] | None = None,
        variable: bool = False,
        severity: Severity | None = None,
    ) -> None:
        """Reports a problem of the characters ``[start, end)`` of a piece of code.

        ``instead`` is (the text there, what to write): a fix, when that text stands there literally.  In the short form
        ``{ name }``, which is a key and a variable at once, only the key changes, or with ``variable`` only the variable.
        """
        if self.problems.full:  # it is counted only
            self.problems.report(code, message, site.span)
            return
        span = self._places.span(site, start, end)
        fix: Fix | None = None
        if instead is not None and self._places.literal(site, span, instead[0]):
            there, near = instead
            written = near
            if self._shorthand(site, start, end):
                written = f"{there}: {near}" if variable else f"{near}: {there}"
            fix = Fix(title=f"change to {near}", span=span, replacement=written)
        self.problems.report(code, message, span, node=site.element, hint=hint, fix=fix, severity=severity)

    def _shorthand(self, site: CodeSite, start: int, end: int) -> bool:
        """Whether a name of the code is a key and a variable at once."""
        if not (_BEFORE.search(site.source, max(0, start - 200), start) and _AFTER.match(site.source, end)):
            return False
        key = (site.source, site.code)
        places = self._shorthands.get(key)
        if places is None:
            tree = syntax_of(*key)
            places = frozenset(tree.place(node) for node, kind in enumerate(tree.kinds) if kind in _SHORTHAND)
            self._shorthands[key] = places
        return (start, end) in places

    def corrected(self, span: Span, there: str | None, near: str) -> Fix | None:
        """The fix that writes the nearest name, when there is one and ``there`` stands at ``span`` literally."""
        return self.rewritten(span, there, near, f"change to {near}") if near and there else None

    def closes_itself(self, element: Element) -> bool:
        """Whether an element is written ``<Name/>``, so that its name stands once."""
        return not element.node.children and self._source[element.span.end - 2 : element.span.end] == "/>"

    def written(self, span: Span) -> str:
        """The text of the document at ``span``, references and all."""
        return self._source[span.start : span.end]

    def rewritten(self, span: Span, there: str, instead: str, title: str) -> Fix | None:
        """The fix that writes ``instead`` where ``there`` stands, when that text stands there literally."""
        return Fix(title=title, span=span, replacement=instead) if self.written(span) == there else None


Check = Callable[[Site, Context], None]
CodeCheck = Callable[[CodeSite, Context], None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the codes it gives, the elements or pieces of code it looks at, and its check.

    ``whole``: it speaks of what is absent, so it is silent about a document that broke off.
    ``roots``: it looks only at code that speaks of one of these names.
    """

    name: str
    codes: tuple[str, ...]
    on: tuple[str, ...]
    check: Callable[[Any, Context], None]
    whole: bool = False
    roots: frozenset[str] = frozenset()

    @property
    def documentation(self) -> str:
        """What the rule wants, why, and the remedy."""
        return inspect.cleandoc(self.check.__doc__ or "")


RULES: list[Rule] = []


def code_rule(*codes: str, roots: tuple[str, ...] = (), broken: bool = False, whole: bool = False) -> Callable[[CodeCheck], CodeCheck]:
    """Registers a check for pieces of code: those that are JavaScript, or with ``broken`` those that are none."""

    def register(check: CodeCheck) -> CodeCheck:
        RULES.append(Rule(check.__name__, codes, (BROKEN if broken else CODE,), check, whole, frozenset(roots)))
        return check

    return register


def rule(*codes: str, on: str | tuple[str, ...], whole: bool = False) -> Callable[[Check], Check]:
    """Registers a check for elements called ``on`` (or every ``COMPONENT``, every ``UNKNOWN`` one)."""

    def register(check: Check) -> Check:
        RULES.append(Rule(check.__name__, codes, (on,) if isinstance(on, str) else on, check, whole))
        return check

    return register
