"""Where values come from, and what JavaScript's own functions make of them."""

from __future__ import annotations

# Where a value comes from.  ("$state",) is all of it, ("$state", "rows") lives in that state, ("$state", None) in one
# that cannot be told.  "held" is a new list or object with such a thing in it: changing it changes no state, but what is
# taken out of it does.  "function" is a function of the code, by its node.
Origin = tuple[str, str | int | None] | tuple[str]
Value = frozenset[Origin]

NOTHING: Value = frozenset()
ROOTS = frozenset(("$state", "$scope", "$tools", "$ext"))

MANY = 64

MUTATORS = frozenset(("push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"))
WITH_ELEMENTS = frozenset(
    ("forEach", "map", "filter", "find", "findLast", "findIndex", "findLastIndex", "some", "every", "flatMap", "sort", "toSorted")
)
GIVES_ELEMENT = frozenset(("at", "find", "findLast", "pop", "shift", "reduce", "reduceRight", "valueOf"))
GIVES_HELD = frozenset(
    ("filter", "slice", "concat", "splice", "flat", "toSorted", "toReversed", "toSpliced", "with", "values", "entries", "keys")
)
GIVES_SELF = frozenset(("sort", "reverse", "fill", "copyWithin"))
WRITING_GLOBALS = frozenset(
    (
        *("Object.assign", "Object.defineProperty", "Object.defineProperties", "Object.setPrototypeOf"),
        *("Reflect.set", "Reflect.deleteProperty", "Reflect.defineProperty", "Reflect.setPrototypeOf"),
    )
)
HOLDING_GLOBALS = frozenset(("Object.values", "Object.entries", "Array.from", "Array.of"))
# These look at all of what they are given, or copy it, and change nothing.
READING_OBJECTS = frozenset(("Object", "JSON", "console", "Array", "Number", "String", "Boolean", "Math", "Reflect"))
READING_GLOBALS = frozenset(("structuredClone", "String", "Boolean", "Number", "$log", "$emit", "$progress"))


def element(value: Value) -> Value:
    """What an item of ``value`` is: it lives where the list lives."""
    return frozenset(
        o if o[0] == "$state" and len(o) > 1 else ("$state", o[1] if len(o) > 1 else None) for o in value if o[0] in ("$state", "held")
    )


def held(value: Value) -> Value:
    """A new list or object that holds ``value``, or what is in it."""
    out: set[Origin] = set()
    for origin in value:
        if origin[0] == "held":
            out.add(origin)
        elif origin[0] == "$state":
            out.add(("held", origin[1] if len(origin) > 1 else None))
    return frozenset(out)
