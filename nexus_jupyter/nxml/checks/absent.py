"""Names of JavaScript elsewhere that the sandbox does not have, with what to use instead.

A name that a page or server has and that reaches out of the sandbox is forbidden, and the catalog lists it.  These are
harmless, so that code which only asks for them is no error.
"""

from __future__ import annotations

_NUMBERS = "use a list of numbers"
_BYTES = "use a list of numbers, or have Python do it: hand over a function with nexus.python"
_PYTHON = "have Python do it: hand over a function with nexus.python"

ABSENT: dict[str, str] = {
    **dict.fromkeys(("Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array"), _NUMBERS),
    **dict.fromkeys(("BigInt64Array", "BigUint64Array", "Float16Array", "Float32Array", "Float64Array"), _NUMBERS),
    **dict.fromkeys(("ArrayBuffer", "DataView", "Buffer", "Blob", "File", "TextEncoder", "TextDecoder"), _BYTES),
    **dict.fromkeys(("atob", "btoa", "URL", "URLSearchParams", "FormData", "Temporal"), _PYTHON),
    **dict.fromkeys(("Headers", "Request", "Response"), 'declare <Extension name="nexus.http" hosts="…"/> and call $ext.http'),
    **dict.fromkeys(("AbortController", "AbortSignal"), 'give the handler a limit: <Handler timeout="10s">'),
    **dict.fromkeys(("WeakRef", "FinalizationRegistry"), "use WeakMap or WeakSet"),
    **dict.fromkeys(("setImmediate", "queueMicrotask"), "use await Promise.resolve(), or setTimeout"),
    "Proxy": "write a class with get and set, or a function",
    "structuredClone": "copy with JSON.parse(JSON.stringify(value)), or { ...value }",
    "global": "use globalThis",
    "top": "a panel has no page",
    "parent": "a panel has no page",
    "history": "a panel has no page",
}
