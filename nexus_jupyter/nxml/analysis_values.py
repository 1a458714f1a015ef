"""Where values come from, and what JavaScript's own functions make of them."""

from __future__ import annotations

# Where a value comes from.  ("$state",) is all of it, ("$state", "rows") lives in that state, ("$state", None) in one
# that cannot be told.  "held" is a new list or object with such a thing in it: changing it changes no state, but what is
# taken out of it does; in "held2" lie things that are "held", and so on.  "function" is a function of the code, by its
# node; "host" a tool or a method of an extension, which get copies; "global" the object of all free names.
Origin = tuple[str, str | int | None] | tuple[str]
Value = frozenset[Origin]

NOTHING: Value = frozenset()
ROOTS = frozenset(("$state", "$scope", "$tools", "$ext"))
HOST: Value = frozenset((("host",),))
GLOBAL: Value = frozenset((("global",),))
HELD = frozenset(("held", "held2", "held3"))
LIVING = HELD | {"$state"}

MANY = 64

MUTATORS = frozenset(("push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"))
WITH_ELEMENTS = frozenset(
    ("forEach", "map", "filter", "find", "findLast", "findIndex", "findLastIndex", "some", "every", "flatMap", "sort", "toSorted")
)
GIVES_ELEMENT = frozenset(("at", "find", "findLast", "pop", "shift", "reduce", "reduceRight", "valueOf", "get"))
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
# A new list or object with what is in the one that is given.
HOLDING_GLOBALS = frozenset(
    (
        *("Object.values", "Array.from", "Map", "Set", "WeakRef", "Iterator.from", "Object.fromEntries", "WeakSet", "WeakMap"),
        *("Promise.all", "Promise.allSettled", "Promise.race", "Promise.any"),
    )
)
# These take pairs of a name and a value.
PAIRING_GLOBALS = frozenset(("Map", "WeakMap", "Object.fromEntries"))
# The same, one deeper.
NESTING_GLOBALS = frozenset(("Object.entries", "Object.groupBy", "Map.groupBy"))
# A list of all that is given.
LISTING_GLOBALS = frozenset(("Array.of", "Array"))
# The very thing that is given.
PASSING_GLOBALS = frozenset(("Promise.resolve", "Object.freeze", "Object.seal", "Object"))
# These look at all of what they are given, or copy it, and change nothing.
READING_OBJECTS = frozenset(
    ("JSON", "console", "$view", "Array", "Number", "String", "Boolean", "Math", "BigInt", "Date", "Symbol", "Intl", "RegExp")
)
READING_GLOBALS = frozenset(
    (
        *("structuredClone", "$log", "$emit", "$progress", "parseInt", "parseFloat", "isNaN", "isFinite"),
        *("encodeURIComponent", "decodeURIComponent", "encodeURI", "decodeURI"),
        *("Error", "TypeError", "RangeError", "SyntaxError", "AggregateError", "ArrayBuffer", "DataView"),
        *("Object.keys", "Object.is", "Object.hasOwn", "Object.isFrozen", "Object.getOwnPropertyNames", "Reflect.has", "Reflect.ownKeys"),
    )
)
# Methods of lists, texts, numbers and dates that give nothing of what they look at.
READING_METHODS = frozenset(
    (
        *("includes", "indexOf", "lastIndexOf", "join", "has", "some", "every", "findIndex", "findLastIndex", "forEach", "test"),
        *("toString", "toLocaleString", "toUpperCase", "toLowerCase", "toLocaleUpperCase", "toLocaleLowerCase", "trim", "trimStart"),
        *("trimEnd", "split", "startsWith", "endsWith", "padStart", "padEnd", "replace", "replaceAll", "repeat", "substring", "substr"),
        *("charAt", "charCodeAt", "codePointAt", "localeCompare", "normalize", "match", "search", "toFixed", "toPrecision"),
        *("getTime", "getFullYear", "getMonth", "getDate", "getDay", "getHours", "getMinutes", "getSeconds", "getMilliseconds"),
        *("toISOString", "toLocaleDateString", "toLocaleTimeString", "toDateString", "hasOwnProperty", "propertyIsEnumerable"),
        *("exec", "format", "setDate", "setMonth", "setFullYear", "setHours", "setMinutes", "setSeconds", "setTime", "delete", "concat"),
    )
)
# These put what they are given into what they are called on.
INSERTING = frozenset(("push", "unshift", "splice", "fill", "set", "add"))
# These call what they are given for each item, or once with what is waited for.
CALLING = WITH_ELEMENTS | {"reduce", "reduceRight", "then", "catch", "finally"}

_DEEPER = {"$state": "held", "held": "held2", "held2": "held3", "held3": "held3"}
_SHALLOWER = {"$state": "$state", "held": "$state", "held2": "held", "held3": "held2"}


def named(origin: Origin) -> str | None:
    """The state that a living origin names, None when it cannot be told."""
    return origin[1] if len(origin) > 1 and isinstance(origin[1], str) else None


def element(value: Value) -> Value:
    """What an item of ``value`` is: it lives where the list lives."""
    return frozenset((_SHALLOWER[o[0]], named(o)) for o in value if o[0] in LIVING)


def held(value: Value) -> Value:
    """A new list or object that holds ``value``."""
    return frozenset((_DEEPER[o[0]], named(o)) for o in value if o[0] in LIVING)


def copied(value: Value) -> Value:
    """A new list or object that holds what is in ``value``."""
    return held(element(value))
