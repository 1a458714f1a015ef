"""Whether changes meet, and where a value stood before a change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from ..protocol import Operation
from .patch import parse_pointer


def _index(token: str) -> int | None:
    """The token as a list's index; keys of objects that look like one are taken for one, too."""
    return int(token) if token.isascii() and token.isdigit() and len(token) <= 15 else None


def _moves(operation: Operation, tokens: tuple[str, ...]) -> tuple[int, int] | None:
    """How many tokens lead to the list whose items an operation moves, and the index from which on; None when it moves none."""
    if operation.op == "reorder":
        order = _order(operation)
        return len(tokens), next((i for i, place in enumerate(order) if place != i), len(order))
    index = None if operation.op == "replace" or len(tokens) < 2 else _index(tokens[-1])
    return None if index is None else (len(tokens) - 1, index)


def _order(operation: Operation) -> list[Any]:
    """The order that a ``reorder`` gives; an inverse, which nobody has applied yet, may hold anything."""
    return operation.value if isinstance(operation.value, list) else []


@dataclass
class _Branch:
    parts: dict[str, _Branch] = field(default_factory=dict)
    changed: bool = False
    """The value itself was set or removed."""
    moved: int | None = None
    """Items from this index on have moved."""
    last: int = -1
    """The greatest index among ``parts`` and what has moved."""


class Paths:
    """The places that operations change."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Branch()
        for operation in operations:
            self._add(operation)

    def _add(self, operation: Operation) -> None:
        tokens = parse_pointer(operation.path)
        branch = self._root
        moves = _moves(operation, tokens)
        for depth in range(len(tokens) + 1):
            if moves is not None and depth == moves[0]:
                branch.moved = moves[1] if branch.moved is None else min(branch.moved, moves[1])
            if depth == len(tokens):
                break
            index = _index(tokens[depth])
            if index is not None:
                branch.last = max(branch.last, index)
            branch = branch.parts.setdefault(tokens[depth], _Branch())
        if operation.op == "reorder":
            branch.last = max(branch.last, len(_order(operation)) - 1)
        else:
            branch.changed = True

    def meet(self, operation: Operation) -> bool:
        """Whether ``operation`` changes something of these places, or moves it, or they it.

        In doubt it does: what stands at or after the place in a list where an item came or went counts as changed.
        """
        tokens = parse_pointer(operation.path)
        moves = _moves(operation, tokens)
        branch = self._root
        for depth in range(len(tokens) + 1):
            if branch.changed:
                return True
            if moves is not None and depth == moves[0] and (branch.moved is not None or branch.last >= moves[1]):
                return True
            if depth == len(tokens):
                break
            index = _index(tokens[depth])
            if index is not None and branch.moved is not None and index >= branch.moved:
                return True
            following = branch.parts.get(tokens[depth])
            if following is None:
                return False
            branch = following
        return operation.op != "reorder"


Effect = Literal["none", "touches", "sets"]


def back(place: tuple[str, ...], lists: tuple[bool, ...], operation: Operation) -> tuple[Effect, tuple[str, ...]]:
    """What ``operation`` had to do with the value that stands at ``place`` after it, and where that stood before it.

    ``lists`` says of each token of ``place`` whether it is an index of a list.  ``sets``: the value, or something that
    holds it, came with the operation; there is no place before it.
    """
    tokens = parse_pointer(operation.path)
    last = len(tokens) - 1
    if operation.op == "reorder" and len(tokens) <= len(place):
        if tokens == place:
            return "touches", place
        here = _index(place[len(tokens)]) if tokens == place[: len(tokens)] else None
        order = _order(operation)
        if here is None or here >= len(order):  # of what was undone it is asked where a place would have been
            return "none", place
        return "none", (*tokens, str(order[here]), *place[len(tokens) + 1 :])
    if len(tokens) > len(place):
        return ("touches" if tokens[: len(place)] == place else "none"), place
    if tokens[:last] != place[:last]:
        return "none", place
    if lists[last] and operation.op != "replace":
        there, here = _index(tokens[last]), _index(place[last])
        if there is None or here is None:
            return "none", place
        if operation.op == "remove":
            return "none", (*place[:last], str(here + (here >= there)), *place[last + 1 :])
        if here > there:
            return "none", (*place[:last], str(here - 1), *place[last + 1 :])
    return ("sets" if tokens[last] == place[last] else "none"), place
