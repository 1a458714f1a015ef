"""How large values may get and how long code may take, as polynomials in the size of the state.

Sizes are characters of JSON; times are microseconds, as measured in the guest on a common machine with another one at work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2

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
CONVERT = 20.0  # what panel code made becomes plain JSON: one value in it
COPY = 2.0  # as above, of what lies in state
CHANGE = 25.0  # a list in state changes: one value in it
CHARACTER = 0.4  # of a text that is made anew character by character
MOVE = 0.02  # of a text that is copied or compared
APPEND = 0.0003  # of a text that another one is put behind
COLLATE = 0.1  # of a text that is put in order
SEARCH = 0.02  # of one text, at one character of another one
WRITE = 70.0  # one change of the state
CATCH = 25.0  # an error that is made and caught
FAILURE = 130.0  # an error of an expression of the view, told with its place
DATE = 25.0  # an hour or day in a time zone
COMPONENT = 45.0
ITEM = 15.0  # of a loop, or a condition
PROPERTY = 4.0
REQUEST = 1000.0
COMMIT = 3.0  # a character of state, once in each step

MOST_DEGREE = 4
MOST_TERMS = 48
_HUGE = 1e12


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
    """How often sorting so many items looks at each of them: the engine divides them fifty times at the most, then heaps them."""
    items = count.at(STATE_CAP) + 2
    return min(50 + 2 * log2(items), items)
