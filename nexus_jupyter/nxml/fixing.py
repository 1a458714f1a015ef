"""Applies the fixes that diagnostics carry."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import itemgetter

from ..diagnostics import Diagnostic, Fix, errors_of
from .reading import read

# A fix can bring a new problem to light that has a fix, too; each round reads the document again.
_ROUNDS = 10
# How often a document is read to find out which fix of several made it worse.
_ATTEMPTS = 32


def apply_fixes(source: str, diagnostics: Sequence[Diagnostic]) -> str:
    """``source`` with the fixes of its ``diagnostics``, and of those that are found then, until none is left.

    Of fixes that overlap the first in the text is taken; the others get their turn when the result is read again.
    A fix that leads to more errors than there were, or does not end its own problem, is left out.  ``diagnostics`` are
    those of reading ``source``: spans of another text would change the wrong places.
    """
    for _ in range(_ROUNDS):
        found = apart(d.fix for d in diagnostics if d.fix is not None)
        if not found:
            break
        before = source
        source, diagnostics = _round(source, diagnostics, found)
        if source == before:
            break
    return source


def apart(fixes: Iterable[Fix]) -> list[Fix]:
    """The fixes that can be applied together, in document order: no two at the same place, none over another."""
    out: list[Fix] = []
    for fix in sorted(fixes, key=lambda f: (f.span.start, f.span.end)):
        if not out or (fix.span.start >= out[-1].span.end and fix.span.start > out[-1].span.start):
            out.append(fix)
    return out


def edited(source: str, fixes: Sequence[Fix]) -> str:
    """``source`` with the edits of ``fixes``, which :func:`apart` has put in order."""
    pieces: list[str] = []
    at = 0
    for fix in fixes:
        pieces += (source[at : fix.span.start], fix.replacement)
        at = fix.span.end
    return "".join((*pieces, source[at:]))


def _round(source: str, diagnostics: Sequence[Diagnostic], fixes: list[Fix]) -> tuple[str, Sequence[Diagnostic]]:
    """The text with as many of ``fixes`` as do not make it worse, and what is wrong with it then."""
    errors = len(errors_of(diagnostics))
    kept: list[Fix] = []
    groups = [fixes]
    best = source, diagnostics
    attempts = _ATTEMPTS
    while groups and attempts:
        group = groups.pop()
        attempts -= 1
        applied = apart((*kept, *group))
        text = edited(source, applied)
        found = read(text).diagnostics
        if (count := len(errors_of(found))) <= errors and not _remaining(diagnostics, applied, found):
            errors, best = count, (text, found)
            kept += group
        elif len(group) > 1:
            half = len(group) // 2
            groups += (group[half:], group[:half])
    return best


def _remaining(before: Sequence[Diagnostic], applied: Sequence[Fix], after: Sequence[Diagnostic]) -> bool:
    """Whether a problem is still there although its fix was applied: it would be applied again and again."""
    ends = [fix.span.end for fix in applied]
    shifts = [0, *accumulate(len(fix.replacement) - (fix.span.end - fix.span.start) for fix in applied)]
    aims = set(applied)
    # where the problem, or the same in what was put there, would be found again
    places: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for d in before:
        if d.fix in aims:
            start = d.span.start + shifts[bisect_right(ends, d.span.start)]
            places.setdefault((d.code, d.message), []).append((start, max(start + 1, start + len(d.fix.replacement))))
    for d in after:
        found = places.get((d.code, d.message), ())
        number = bisect_right(found, d.span.start, key=itemgetter(0)) - 1
        if number >= 0 and d.span.start < found[number][1]:
            return True
    return False
