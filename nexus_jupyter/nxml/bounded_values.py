"""What is known of the values of code before it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .bounded_sizes import CONVERT, COPY, ELEMENT, FAILS, MOVE, ZERO, Poly, constant

Kind = Literal["bool", "num", "text", "list", "object", "any"]
# Each holds those before it; a list or object may also be what "num" may be.
_RANKS: Mapping[str, int] = {"bool": 0, "num": 1, "text": 2, "any": 3}


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a value before the code runs.

    ``nodes``: how many values it holds, itself included, each item of a list being one.
    ``foreign``: 1 when it may be a function of the engine, 2 when it may hold one.
    ``live``: 1 for what lies in state or is no object, 2 for a list of such, else 0.
    ``sites``: the lists and objects made by the code that it may be or hold.
    ``within``: the state that it is no larger than, and what may come on top.
    ``null``: what it costs when reading a property of it fails.
    ``own``: a list or object that the code has just made, for sure.
    """

    size: Poly
    nodes: Poly
    kind: Kind = "any"
    foreign: int = 0
    live: int = 0
    sites: frozenset[int] = frozenset()
    within: tuple[str, Poly] | None = None
    null: Poly = FAILS
    own: bool = False

    @property
    def scalar(self) -> bool:
        """Whether it is no object for sure."""
        return self.kind in ("bool", "num", "text")

    def join(self, other: Value) -> Value:
        """One of both."""
        within = None
        if self.within is not None and other.within is not None and self.within[0] == other.within[0]:
            within = (self.within[0], self.within[1].most(other.within[1]))
        return Value(
            self.size.most(other.size),
            self.nodes.most(other.nodes),
            _joined(self.kind, other.kind),
            max(self.foreign, other.foreign),
            _live(self, other),
            self.sites | other.sites,
            within,
            self.null.most(other.null),
            self.own and other.own,
        )

    def part(self, foreign: bool = False) -> Value:
        """Something in it."""
        if self.scalar:
            kind: Kind = "any" if foreign else self.kind
            return Value(self.size + constant(64), constant(1), kind, int(foreign), 1)
        return Value(self.size, self.nodes, "any", max(self.foreign, int(foreign)), int(self.live > 0), self.sites)

    def text(self) -> Poly:
        """How long it is as a string: of ``{},`` comes ``[object Object],``."""
        if self.scalar:
            return self.size
        return constant(16) + self.size.times(16 / 3)

    def reading(self) -> Poly:
        """What it takes to make a string or number of it."""
        moved = self.size.times(MOVE)
        return moved if self.scalar else moved + self.nodes.times(ELEMENT)

    def plain(self) -> Poly:
        """What it takes to make plain JSON of it."""
        return self.nodes.times(COPY if self.live == 1 else CONVERT) + self.size.times(MOVE)


def _joined(a: Kind, b: Kind) -> Kind:
    if a == b:
        return a
    ranks = (_RANKS.get(a), _RANKS.get(b))
    if None not in ranks:
        return a if _RANKS[a] > _RANKS[b] else b
    # with a list or an object goes only what is no text
    return a if ranks[1] in (0, 1) else b if ranks[0] in (0, 1) else "any"


def _live(a: Value, b: Value) -> int:
    """Of two, of which one may be no object and hence anything."""
    if a.scalar or b.scalar:
        return b.live if a.scalar else a.live
    return a.live if a.live == b.live else 2 * int(min(a.live, b.live) > 0 and a.kind == b.kind == "list")


def scalar(kind: Kind, size: Poly, null: Poly = ZERO) -> Value:
    """A string, number or the like."""
    return Value(size, constant(1), kind, live=1, null=null)


NUMBER = scalar("num", constant(24))
TRUTH = scalar("bool", constant(5))
UNDEFINED = scalar("num", constant(9), FAILS)


def text_of(size: Poly) -> Value:
    """A string."""
    return scalar("text", size)
