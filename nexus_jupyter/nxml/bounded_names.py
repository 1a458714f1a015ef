"""The functions and methods of the language that bounded code may use, and the names that mean something to the engine."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MATH_CONSTANTS = "E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2"
_NUMBER_CONSTANTS = "EPSILON MAX_SAFE_INTEGER MAX_VALUE MIN_SAFE_INTEGER MIN_VALUE NaN NEGATIVE_INFINITY POSITIVE_INFINITY"

GLOBALS = _words("Array Boolean Date Error JSON Math Number Object RangeError Set String TypeError console")
"""What may stand before a dot, behind ``new`` or ``instanceof``, or be called."""

CONSTANTS = frozenset((*(f"Math.{name}" for name in _MATH_CONSTANTS.split()), *(f"Number.{name}" for name in _NUMBER_CONSTANTS.split())))

NUMERIC_FUNCTIONS = frozenset(
    (
        *("Number", "Boolean", "parseInt", "parseFloat", "isNaN", "isFinite"),
        *(f"Number.{name}" for name in _words("isFinite isInteger isNaN isSafeInteger parseFloat parseInt")),
        *("Date.now", "Date.UTC", "Date.parse", "Array.isArray", "Object.is", "Object.hasOwn"),
        *(f"Math.{name}" for name in _words("abs acos acosh asin asinh atan atan2 atanh cbrt ceil clz32 cos cosh exp expm1 floor")),
        *(f"Math.{name}" for name in _words("fround hypot imul log log10 log1p log2 max min pow random round sign sin sinh")),
        *(f"Math.{name}" for name in _words("sqrt tan tanh trunc")),
    )
)
"""Their result is a number or a boolean."""

MANY = frozenset(("Math.max", "Math.min", "Math.hypot", "concat", "push", "unshift"))
"""They may be given any number of arguments."""

SAYING = frozenset(("$emit", "$log", "$progress", *(f"console.{name}" for name in _words("log info debug trace warn error"))))

SAME = _words("trim trimStart trimEnd substring substr charAt slice at toReversed reverse flat")
"""The result is no larger than what they are called on."""

PIECES = _words("trim trimStart trimEnd substring substr charAt")
"""Of those the methods of strings alone."""

CASES = _words("toLowerCase toUpperCase toLocaleLowerCase toLocaleUpperCase")

SEARCHES = _words("includes indexOf lastIndexOf startsWith endsWith")

NUMERIC_METHODS = frozenset(
    (
        *_words("charCodeAt codePointAt localeCompare hasOwnProperty has"),
        *_words("getTime getFullYear getMonth getDate getDay getHours getMinutes getSeconds getMilliseconds getTimezoneOffset"),
        *_words("getUTCFullYear getUTCMonth getUTCDate getUTCDay getUTCHours getUTCMinutes getUTCSeconds getUTCMilliseconds"),
        *_words("setTime setFullYear setMonth setDate setHours setMinutes setSeconds setMilliseconds"),
        *_words("setUTCFullYear setUTCMonth setUTCDate setUTCHours setUTCMinutes setUTCSeconds setUTCMilliseconds"),
    )
)

WRITTEN = frozenset(
    (
        *_words("toFixed toPrecision toExponential toString toLocaleString toISOString toDateString toTimeString"),
        *_words("toLocaleDateString toLocaleTimeString toUTCString"),
    )
)
"""The result is a short text, or about what the value is as text."""

VISITS = _words("map filter find findLast findIndex findLastIndex some every forEach flatMap reduce reduceRight sort toSorted")
"""They call what they are given for each item."""

CALLABLE = frozenset(("Boolean", "Number", "String", "parseFloat"))
"""Functions that may be given to them by name."""

FORBIDDEN_KEYS = _words("__proto__ constructor join prototype then toISOString toJSON toLocaleString toString valueOf")
"""The engine itself calls or follows what stands under these names."""

METHODS = frozenset(
    (
        *_words("constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf"),
        *_words("at concat copyWithin entries every fill filter find findIndex findLast findLastIndex flat flatMap forEach includes"),
        *_words("indexOf join keys lastIndexOf map pop push reduce reduceRight reverse shift slice some sort splice toReversed"),
        *_words("toSorted toSpliced unshift values with"),
        *_words("anchor big blink bold charAt charCodeAt codePointAt endsWith fixed fontcolor fontsize isWellFormed italics link"),
        *_words("localeCompare match matchAll normalize padEnd padStart repeat replace replaceAll search small split startsWith strike"),
        *_words("sub substr substring sup toLocaleLowerCase toLocaleUpperCase toLowerCase toUpperCase toWellFormed trim trimEnd"),
        *_words("trimLeft trimRight trimStart"),
        *_words("toExponential toFixed toPrecision apply bind call add clear delete has union intersection difference"),
        *_words("symmetricDifference isSubsetOf isSupersetOf isDisjointFrom getYear setYear toGMTString toDateString toISOString"),
        *_words("toJSON toLocaleDateString toLocaleTimeString toTimeString toUTCString"),
        *NUMERIC_METHODS,
        *_words("drop take toArray next return throw then catch finally"),
    )
)
"""What a property that is not called may be a function of the engine by."""

RESERVED = frozenset(("arguments", "async", "await", "clearTimeout", "eval", "setTimeout", "undefined", "NaN", "Infinity"))
"""No names of variables."""

CHANGING = _words("push unshift splice pop shift sort reverse")
