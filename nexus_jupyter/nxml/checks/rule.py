"""Rules: small checks that document themselves, and what they are given to look at."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...catalog import Catalog, ComponentEntry
from ...diagnostics import Fix, Severity, Span
from ..ast import Element
from ..outline import Outline
from ..problems import Problems

COMPONENT = "*component"
UNKNOWN = "*unknown"


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

    def __init__(self, outline: Outline, catalog: Callable[[], Catalog], problems: Problems) -> None:
        self.outline = outline
        self.problems = problems
        self._catalog = catalog
        self.view_ids: dict[str, int] = {}

    @property
    def catalog(self) -> Catalog:
        """The catalog; loaded when a rule first needs it."""
        return self._catalog()

    def nearest(self, name: str, known: Iterable[str]) -> str:
        """The known name most like ``name``, or ""."""
        return self.problems.nearest(name, known)

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


Check = Callable[[Site, Context], None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the codes it gives, the elements it looks at, and its check.

    ``whole``: it speaks of what is absent, so it is silent about a document that broke off.
    """

    name: str
    codes: tuple[str, ...]
    on: tuple[str, ...]
    check: Check
    whole: bool = False

    @property
    def documentation(self) -> str:
        """What the rule wants, why, and the remedy."""
        return inspect.cleandoc(self.check.__doc__ or "")


RULES: list[Rule] = []


def rule(*codes: str, on: str | tuple[str, ...], whole: bool = False) -> Callable[[Check], Check]:
    """Registers a check for elements called ``on`` (or every ``COMPONENT``, every ``UNKNOWN`` one)."""

    def register(check: Check) -> Check:
        RULES.append(Rule(check.__name__, codes, (on,) if isinstance(on, str) else on, check, whole))
        return check

    return register
