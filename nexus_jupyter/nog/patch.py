"""Changes of graphs as values: what leads from one state to another."""

from __future__ import annotations

from ..protocol.graph import GraphState, NOGEntity, NOGPatch, NOGRelationship


def diff(before: GraphState, after: GraphState) -> NOGPatch:
    """The patch that makes ``after`` of ``before``; revisions and order do not count.

    Relationships that vanish with an entity are not named.
    """
    was, now = {e.id: e for e in before.entities}, {e.id: e for e in after.entities}
    links_was, links_now = {r.id: r for r in before.relationships}, {r.id: r for r in after.relationships}
    gone = {id for id in was if id not in now}
    return NOGPatch(
        put_entities=tuple(e for id, e in now.items() if not same(was.get(id), e)),
        put_relationships=tuple(r for id, r in links_now.items() if not same(links_was.get(id), r)),
        delete_entities=tuple(id for id in was if id in gone),
        delete_relationships=tuple(
            id for id, r in links_was.items() if id not in links_now and r.source not in gone and r.target not in gone
        ),
    )


def is_empty(patch: NOGPatch) -> bool:
    """Whether a patch changes nothing."""
    return not (patch.put_entities or patch.put_relationships or patch.delete_entities or patch.delete_relationships)


def same(one: NOGEntity | NOGRelationship | None, other: NOGEntity | NOGRelationship | None) -> bool:
    """Whether two parts are exactly equal: unlike ``==`` it tells ``1``, ``1.0`` and ``True`` apart."""
    if one is other:
        return True
    try:
        return one == other and repr(one) == repr(other)
    except RecursionError:  # a field of a newer version may be nested deeply
        return False
