"""What can be wrong with a graph, or with a question about it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

from ..errors import NexusError
from ..nxml.nearest import short

_LOOKED_AT = 20_000
_COMPARED = 500
_LONGEST = 200


class GraphError(NexusError):
    """A change or a text that does not make a graph; nothing was changed."""

    code = "INVALID_GRAPH"


class UnknownEntityError(GraphError):
    """There is no entity of that id; the hint names those most like it."""

    code = "UNKNOWN_ENTITY"


class UnknownRelationshipError(GraphError):
    """There is no relationship of that id."""

    code = "UNKNOWN_RELATIONSHIP"


def unknown_entity(id: str, known: Iterable[str]) -> UnknownEntityError:
    """The error for ``id``, with the nearest of ``known``; long ids and big graphs are only looked at in part."""
    near = _near(id, known)
    hint = f"did you mean {' or '.join(repr(short(n, 120)) for n in near)}?" if near else "entities() lists what there is"
    return UnknownEntityError(f"there is no entity {short(id, 120)!r} in the graph", hint=hint)


def _near(id: str, known: Iterable[str]) -> list[str]:
    if not id or len(id) > _LONGEST:
        return []
    wanted = id.casefold()
    tails = tuple(separator + wanted for separator in (":", "/", "#"))
    compared: dict[str, str] = {}
    ending: list[str] = []
    for candidate in islice(known, _LOOKED_AT):
        if len(candidate) > _LONGEST:
            continue
        folded = candidate.casefold()
        if folded == wanted or folded.endswith(tails):
            ending.append(candidate)
            if len(ending) == 3:
                break
        elif len(compared) < _COMPARED:
            compared.setdefault(folded, candidate)
    return ending or [compared[name] for name in get_close_matches(wanted, compared, n=3, cutoff=0.75)]
