"""Collects the problems of one document."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from ..diagnostics import Diagnostic, Fix, Severity, Span
from .codes import SEVERITIES
from .nearest import CONSIDERED, LIKE, nearest

# Names that are compared in one document, so that many misspelt ones among many others take bounded time.
_COMPARED = 20_000


class Problems:
    """What was found so far, at most ``limit`` problems; the same code at the same place counts once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._found: dict[tuple[str, int, int], tuple[Diagnostic, int]] = {}
        self._more: tuple[int, Span] | None = None
        self._more_errors = False
        self._near: dict[tuple[str, float, tuple[str, ...]], str] = {}
        self._compared = 0
        # by code: the elements of which it is not said
        self._forgiven: dict[str, set[int]] = {"MISPLACED_ELEMENT": set(), "UNEXPECTED_TEXT": set()}

    def forgive(self, element: int, children: Iterable[int]) -> None:
        """Keeps silent about what stands in an element that was not closed: it was not meant to stand there."""
        self._forgiven["UNEXPECTED_TEXT"].add(element)
        self._forgiven["MISPLACED_ELEMENT"].update(children)

    def report(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        node: int = -1,
        hint: str = "",
        fix: Fix | None = None,
        severity: Severity | None = None,
    ) -> None:
        """Adds a problem; ``node`` is the number of the element it belongs to."""
        key = (code, span.start, span.end)
        if key in self._found or node in self._forgiven.get(code, ()):
            return
        if self.full:
            self._more = ((self._more[0] if self._more else 0) + 1, self._more[1] if self._more else span)
            self._more_errors = self._more_errors or (severity or SEVERITIES[code]) is Severity.ERROR
            return
        diagnostic = Diagnostic(code=code, severity=severity or SEVERITIES[code], message=message, span=span, hint=hint, fix=fix)
        self._found[key] = (diagnostic, node)

    @property
    def full(self) -> bool:
        """Whether further problems are only counted."""
        return len(self._found) >= self._limit

    def nearest(self, name: str, known: Iterable[str], *, likeness: float = LIKE) -> str:
        """The known name most like ``name``, or "" when none is near or nothing more is listed.

        Also "" when so many names were compared already that more would take long.
        """
        if self.full:
            return ""
        among = tuple(islice(known, CONSIDERED))
        key = (name, likeness, among)
        near = self._near.get(key)
        if near is None:
            if self._compared >= _COMPARED:
                return ""
            self._compared += len(among)
            near = self._near[key] = nearest(name, among, likeness=likeness)
        return near

    def diagnostics(self, path: Callable[[int], str]) -> tuple[Diagnostic, ...]:
        """All problems in document order; ``path`` names the element of a number."""
        out = [d if node < 0 else d.model_copy(update={"path": path(node)}) for d, node in self._found.values()]
        out.sort(key=lambda d: (d.span.start, d.severity is not Severity.ERROR))
        if self._more is not None:
            count, span = self._more
            message = f"{count} more problem{'' if count == 1 else 's'} not listed"
            out.append(
                Diagnostic(
                    code="LIMIT_DIAGNOSTICS",
                    severity=SEVERITIES["LIMIT_DIAGNOSTICS"] if self._more_errors else Severity.WARNING,
                    message=message,
                    span=span,
                    hint="correct those listed and read the document again",
                )
            )
        return tuple(out)
