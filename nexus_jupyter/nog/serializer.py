"""Graphs as JSON text."""

from __future__ import annotations

import json
import math
from typing import Any

from pydantic import JsonValue, TypeAdapter, ValidationError

from ..nxml.nearest import short
from ..protocol.graph import GraphState, NOGEntity, NOGRelationship
from .graph import NOGGraph
from .problems import GraphError

FORMAT = "nexus-graph"
VERSION = 1

_LONGEST = 256_000_000
_OWN = frozenset(("format", "version", "revision", "entities", "relationships"))
_ENTITIES = TypeAdapter(tuple[NOGEntity, ...])
_RELATIONSHIPS = TypeAdapter(tuple[NOGRelationship, ...])


class NOGSerializer:
    """Writes and reads a graph so that nothing is lost: order, revision, and fields that are not known here.

    The text is one JSON object: ``format``, ``version``, ``revision``, ``entities``, ``relationships``, and
    whatever else a newer version put beside them.
    """

    @staticmethod
    def dumps(graph: NOGGraph | GraphState) -> str:
        """The text, in ASCII.  ``GraphError`` when a property is no JSON (infinite, not a number, too deep)."""
        state = graph.state() if isinstance(graph, NOGGraph) else graph
        extra = graph.extra if isinstance(graph, NOGGraph) else {}
        document: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "revision": state.revision,
            "entities": [_plain(e) for e in state.entities],
            "relationships": [_plain(r) for r in state.relationships],
            **{name: value for name, value in extra.items() if name not in _OWN},
        }
        try:
            return json.dumps(document, allow_nan=False, separators=(",", ":"))
        except (ValueError, TypeError, RecursionError) as error:
            raise GraphError(f"the graph cannot be written as JSON: {error}") from None

    @staticmethod
    def loads(text: str | bytes) -> NOGGraph:
        """The graph that ``text`` describes.  ``GraphError`` says what is wrong with it."""
        if len(text) > _LONGEST:
            raise GraphError(f"the text of the graph is longer than {_LONGEST:,} characters")
        try:
            document = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        except RecursionError:
            raise GraphError("the text of the graph is nested too deeply") from None
        except ValueError as error:
            raise GraphError(f"the text is no JSON: {error}") from None
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise GraphError("the text is no graph", hint=f'a graph is a JSON object with "format": "{FORMAT}"')
        if document.get("version") != VERSION:
            raise GraphError(
                f"the graph is written in version {short(repr(document.get('version')))}", hint=f"this reads version {VERSION}"
            )
        revision = document.get("revision")
        if isinstance(revision, bool) or not isinstance(revision, int) or revision < 0:
            raise GraphError("the graph's revision is no whole number from 0")
        try:
            state = GraphState.model_construct(
                revision=revision,
                entities=_ENTITIES.validate_python(_list(document, "entities")),
                relationships=_RELATIONSHIPS.validate_python(_list(document, "relationships")),
            )
        except ValidationError as error:
            raise GraphError(f"the graph has a part that is none: {_first(error)}") from None
        graph = NOGGraph(state)
        extra: dict[str, JsonValue] = {name: value for name, value in document.items() if name not in _OWN}
        graph.extra = extra
        return graph


def _plain(part: NOGEntity | NOGRelationship) -> dict[str, Any]:
    """All fields, the known ones first; properties are JSON already and are not copied."""
    extra = part.model_extra
    return {**part.__dict__, **extra} if extra else part.__dict__


def _list(document: dict[str, Any], name: str) -> list[Any]:
    value = document.get(name)
    if not isinstance(value, list):
        raise GraphError(f"the graph's {name!r} is no list")
    return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{short(text)} is too great a number")
    return value


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return short(f"{'.'.join(str(step) for step in first['loc'])}: {first['msg']}", 200)
