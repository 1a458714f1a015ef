"""JSON Patch (RFC 6902) and ``reorder`` on frozen state: a pure function, unchanged parts are shared.

The operations come from a guest and are hostile: every pointer is checked against the state as it
is, and a patch that does not fit changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..errors import NexusError
from ..protocol import Operation
from ..sandbox.values import FORBIDDEN_KEYS, MAX_DEPTH, FrozenDict, FrozenList, freeze


class PatchError(NexusError):
    """An operation that does not fit the document it is applied to."""

    code = "INVALID_PATCH"


def parse_pointer(pointer: str) -> tuple[str, ...]:
    """The reference tokens of a JSON Pointer (RFC 6901, section 4).

    Raises PatchError: it does not start with ``/``, has a bad escape, or names a forbidden key.
    """
    if pointer == "":
        return ()
    if not pointer.startswith("/"):
        raise PatchError(f"the pointer {pointer!r} does not start with '/'")
    tokens: list[str] = []
    if pointer.count("/") > MAX_DEPTH:
        raise PatchError(f"the pointer {pointer[:40]!r}… is deeper than {MAX_DEPTH} levels")
    for raw in pointer[1:].split("/"):
        if "~" in raw:
            if raw.replace("~0", "").replace("~1", "").find("~") >= 0:
                raise PatchError(f"the pointer {pointer!r} has a bad escape")
            raw = raw.replace("~1", "/").replace("~0", "~")
        if raw in FORBIDDEN_KEYS:
            raise PatchError(f"the pointer {pointer!r} names the forbidden key {raw!r}")
        tokens.append(raw)
    return tuple(tokens)


def pointer_of(tokens: Iterable[str]) -> str:
    """The JSON Pointer of reference tokens (RFC 6901, section 3)."""
    return "".join("/" + t.replace("~", "~0").replace("/", "~1") for t in tokens)


def apply(document: FrozenDict, operations: Iterable[Operation]) -> FrozenDict:
    """``document`` after ``operations``, in order.

    Raises PatchError: an operation does not fit; ``document`` is as it was, for it never changes.
    """
    result: Any = document
    for operation in operations:
        tokens = parse_pointer(operation.path)
        if not tokens:
            raise PatchError("a patch may not replace the whole state")
        result = _at(result, tokens, operation)
    return result  # type: ignore[no-any-return]


def _at(node: Any, tokens: tuple[str, ...], operation: Operation) -> Any:
    # Recursion is bounded by the depth of pointers.
    head, rest = tokens[0], tokens[1:]
    if isinstance(node, dict):
        if rest:
            if head not in node:
                raise PatchError(f"there is no {operation.path!r} to {operation.op}")
            return FrozenDict({**node, head: _at(node[head], rest, operation)})
        return _in_dict(node, head, operation)
    if isinstance(node, list):
        if rest:
            index = _index(head, len(node) - 1, operation)
            return FrozenList([*node[:index], _at(node[index], rest, operation), *node[index + 1 :]])
        return _in_list(node, head, operation)
    raise PatchError(f"{operation.path!r} leads through a value that has no parts")


def _in_dict(node: dict[str, Any], key: str, operation: Operation) -> FrozenDict:
    if operation.op != "add" and key not in node:
        raise PatchError(f"there is no {operation.path!r} to {operation.op}")
    if operation.op == "remove":
        return FrozenDict({k: v for k, v in node.items() if k != key})
    if operation.op == "reorder":
        return FrozenDict({**node, key: _reordered(node[key], operation)})
    return FrozenDict({**node, key: freeze(operation.value)})


def _in_list(node: list[Any], token: str, operation: Operation) -> FrozenList:
    if operation.op == "add":
        index = len(node) if token == "-" else _index(token, len(node), operation)
        return FrozenList([*node[:index], freeze(operation.value), *node[index:]])
    index = _index(token, len(node) - 1, operation)
    if operation.op == "remove":
        return FrozenList([*node[:index], *node[index + 1 :]])
    if operation.op == "reorder":
        return FrozenList([*node[:index], _reordered(node[index], operation), *node[index + 1 :]])
    return FrozenList([*node[:index], freeze(operation.value), *node[index + 1 :]])


def _reordered(node: Any, operation: Operation) -> FrozenList:
    if not isinstance(node, list):
        raise PatchError(f"{operation.path!r} is no list to reorder")
    given = operation.value if isinstance(operation.value, list) else []
    order = [each for each in given if type(each) is int]  # True equals 1
    if len(order) < len(given) or sorted(order) != list(range(len(node))):
        raise PatchError(f"the order of {operation.path!r} does not name each of its {len(node)} items once")
    return FrozenList([node[each] for each in order])


def _index(token: str, last: int, operation: Operation) -> int:
    # RFC 6901: digits without a leading zero
    if not (token.isascii() and token.isdigit()) or (len(token) > 1 and token[0] == "0") or len(token) > 15 or int(token) > last:
        raise PatchError(f"{operation.path!r} is no place in the list")
    return int(token)
