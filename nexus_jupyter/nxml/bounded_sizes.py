"""How large values may get and how long code may take, as polynomials in the size of the state.

Sizes are characters of JSON; times are microseconds, as measured in the guest on a common machine with another one at work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2
from typing import Literal

STATE_CAP = 8192
"""The characters of JSON, of the state and the detail of an event together, for which time is bounded."""

LIMIT = 500_000.0
"""The longest that one event may take, with all computed values and the whole view after it, in microseconds."""

MAX_COMPONENTS = 20_000
"""The guest shows no more."""

# What things take, in microseconds.
STEP = 0.2  # a piece of syntax
READ = 2.0  # a state or computed value, through $state
ELEMENT = 4.0  # an item of a list or a key of an object in state, with the call of a function
COMPARE = 2.5  # two items, with the call of a function
CONVERT = 25.0  # what panel code made becomes plain JSON: one value in it
COPY = 2.0  # as above, of what lies in state
CHARACTER = 0.4  # of a text that is made anew character by character
MOVE = 0.02  # of a text that is copied or compared
APPEND = 0.0003  # of a text that another one is put behind
COLLATE = 0.1  # of a text that is put in order
SEARCH = 0.02  # of one text, at one character of another one
WRITE = 70.0  # one change of the state
CATCH = 25.0  # an error that is made and caught
FAILURE = 200.0  # an error of an expression of the view, told with its place
DATE = 25.0  # an hour or day in a time zone
COMPONENT = 45.0
ITEM = 15.0  # of a loop, or a condition
PROPERTY = 4.0
REQUEST = 1000.0
COMMIT = 3.0  # a character of state, once in each step

MOST_DEGREE = 4
MOST_TERMS = 48
_HUGE = 1e12

Kind = Literal["bool", "num", "text", "list", "any"]
# Each holds those before it; a list may also be what "num" may be.
_RANKS: Mapping[str, int] = {"bool": 0, "num": 1, "text": 2, "any": 3}


class Unbounded(Exception):
    """It cannot be proved; the message says why."""


@dataclass(frozen=True, slots=True)
class Poly:
    """A polynomial without negative coefficients: by the numbers of the variables of each term, sorted.

    Variable 0 is the size of the state, others stand for items of a list.  Raises Unbounded when it gets too involved.
    """

    terms: Mapping[tuple[int, ...], float]

    def __add__(self, other: Poly) -> Poly:
        terms = dict(self.terms)
        for key, value in other.terms.items():
            terms[key] = terms.get(key, 0.0) + value
        return _poly(terms)

    def __mul__(self, other: Poly) -> Poly:
        terms: dict[tuple[int, ...], float] = {}
        for a, x in self.terms.items():
            for b, y in other.terms.items():
                key = tuple(sorted((*a, *b)))
                terms[key] = terms.get(key, 0.0) + x * y
        return _poly(terms)

    def times(self, factor: float) -> Poly:
        """So many times as much."""
        return _poly({key: value * factor for key, value in self.terms.items()})

    def most(self, other: Poly) -> Poly:
        """What neither passes."""
        if self.terms == other.terms:
            return self
        terms = dict(self.terms)
        for key, value in other.terms.items():
            terms[key] = max(value, terms.get(key, 0.0))
        return _poly(terms)

    def at(self, size: float) -> float:
        """Its value, all variables being ``size``."""
        return float(sum(value * size ** len(key) for key, value in self.terms.items()))

    def names(self, variables: Mapping[int, Poly]) -> bool:
        """Whether any of the variables stands in it."""
        return any(n in variables for key in self.terms for n in key)

    def over(self, variables: Mapping[int, Poly], count: Poly) -> Poly:
        """Its sum over ``count`` items at the most.  The sum of each variable over all of them is given: so that of a
        product of some is no more than the product of their sums.
        """
        out = ZERO
        for key, value in self.terms.items():
            part = Poly({tuple(n for n in key if n not in variables): value})
            inner = [variables[n] for n in key if n in variables]
            for total in inner or (count,):
                part = part * total
            out = out + part
        return out


def _poly(terms: dict[tuple[int, ...], float]) -> Poly:
    if len(terms) > MOST_TERMS or any(value > _HUGE or len(key) > MOST_DEGREE for key, value in terms.items()):
        raise Unbounded("this may grow or take longer than can be told")
    return Poly(terms)


ZERO = Poly({})


def constant(value: float) -> Poly:
    """A number."""
    return Poly({(): float(value)})


def variable(number: int) -> Poly:
    """A variable alone."""
    return Poly({(number,): 1.0})


STATE = variable(0)
NODES = Poly({(0,): 0.5, (): 1.0})
"""How many values a state of that size holds: ``[0,0]``."""
FAILS = constant(FAILURE)


def rounds(count: Poly) -> float:
    """How often sorting so many items looks at each of them."""
    return 2 * log2(count.at(STATE_CAP) + 2)


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a value before the code runs.

    ``nodes``: how many values it holds, itself included, each item of a list being one.
    ``foreign``: 1 when it may be a function of the engine, 2 when it may hold one.
    ``live``: 1 for what lies in state or is no object, 2 for a list of such, else 0.
    ``sites``: the lists and objects made by the code that it may be or hold.
    ``within``: the state that it is no larger than, and what may come on top.
    ``null``: what it costs when reading a property of it fails.
    """

    size: Poly
    nodes: Poly
    kind: Kind = "any"
    foreign: int = 0
    live: int = 0
    sites: frozenset[int] = frozenset()
    within: tuple[str, Poly] | None = None
    null: Poly = FAILS

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
        )

    def part(self, foreign: bool = False) -> Value:
        """Something in it."""
        if self.scalar:
            kind: Kind = "any" if foreign else self.kind
            return Value(self.size + constant(64), constant(1), kind, int(foreign), 1)
        return Value(self.size, self.nodes, "any", max(self.foreign, int(foreign)), int(self.live > 0), self.sites)

    def text(self) -> Poly:
        """How long it is as a string: an object may be ``[object Object]``."""
        if self.scalar:
            return self.size
        return constant(16) + self.size.times(6)

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
    if "list" in (a, b):
        return "list" if {a, b} <= {"list", "bool", "num"} else "any"
    return a if _RANKS[a] > _RANKS[b] else b


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
