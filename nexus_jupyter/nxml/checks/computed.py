"""Computed values that depend on themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from ..analysis import CodeSite
from ..analysis_graph import circles
from ..analysis_mentions import Step
from ..nearest import short
from .references import named
from .rule import Context, Site, rule

_SHOWN = 8


@rule("COMPUTED_CYCLE", on="NexusPanel")
def computed_values_come_from_elsewhere(site: Site, context: Context) -> None:
    """What: no computed value needs itself, not by way of others either.

    Why: it would never be done.  Remedy: take one of them out of the circle.
    """
    outline = context.outline
    pieces: dict[str, CodeSite] = {}
    for piece in context.analysis.sites:
        if piece.kind == "computed":
            name = outline.ast.element(piece.element).text("name")
            if name not in outline.known_states:
                pieces.setdefault(name, piece)
    needs: dict[str, dict[str, Step]] = {}
    for name, piece in pieces.items():
        found = needs[name] = {}
        for _, step, other in () if piece.facts.broken else named(piece, "$state"):
            if other in pieces:
                found.setdefault(other, step)
    for circle in circles(needs):
        path = _shortest(needs, circle)
        at = needs[path[0]][path[1]]
        shown = [short(name, 30) for name in path]
        if len(shown) > _SHOWN:
            shown = [*shown[: _SHOWN - 2], "\N{HORIZONTAL ELLIPSIS}", shown[-1]]
        message = "needs itself" if len(path) == 2 else "depends on itself"
        context.report_code(
            "COMPUTED_CYCLE",
            f"the computed value {shown[0]!r} {message}: {' -> '.join(shown)}",
            pieces[path[0]],
            at.start,
            at.end,
            hint="take one of them out of the circle",
        )


def _shortest(needs: Mapping[str, Mapping[str, Step]], circle: tuple[str, ...]) -> list[str]:
    """The shortest way from the first of a circle back to it."""
    first, members = circle[0], frozenset(circle)
    before: dict[str, str] = {}
    todo = deque([first])
    while first not in needs[name := todo.popleft()]:
        for other in needs[name]:
            if other in members and other not in before:
                before[other] = name
                todo.append(other)
    path = deque([name, first])
    while path[0] != first:
        path.appendleft(before[path[0]])
    return list(path)
