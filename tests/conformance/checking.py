"""Whether what a host answered is what a case demands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nexus_jupyter.panel.patch import apply
from nexus_jupyter.protocol import Operation
from nexus_jupyter.sandbox.values import FrozenDict, freeze, thaw

from .cases import Case


@dataclass(frozen=True)
class Outcome:
    """The reply as the guest wrote it; or the ``code`` of the error by which the guest was lost."""

    reply: str | None = None
    code: str | None = None


def mismatches(case: Case, outcomes: list[Outcome]) -> Iterator[str]:
    """What is not as the case demands, one sentence each."""
    loaded, *rest = outcomes
    first = json.loads(loaded.reply) if loaded.reply is not None else {}
    yield from _of_reply("load", case.loads, first, loaded.code)
    if first.get("status") != "done":
        return
    state = freeze(first.get("state") or {})
    for number, (step, outcome) in enumerate(zip(case.steps, rest, strict=False), 1):
        where = f"step {number} ({step.request.op})"
        reply = json.loads(outcome.reply) if outcome.reply is not None else {}
        begun = getattr(step.request, "state", None)
        if begun is not None:
            state = freeze(thaw(state) | begun)
        state = yield from _moved(where, state, reply)
        yield from _of_reply(where, step.gives, reply, outcome.code)
        for name, value in step.gives.get("state", {}).items():
            yield from _same(f"{where}: state {name}", value, thaw(state).get(name))
    for name, outcome in zip(first.get("state") or {}, rest[len(case.steps) :], strict=False):
        # in the end the guest's own state is what its operations led to
        if outcome.reply is not None:
            value = json.loads(outcome.reply).get("value")
            if value != thaw(state)[name]:
                yield f"the end: state {name} is {_text(value)}, but its operations lead to {_text(thaw(state)[name])}"


def _moved(where: str, state: FrozenDict, reply: dict[str, Any]) -> Any:
    """The state after the reply's operations, whose inverses must lead back: to the same values, for an added key comes last."""
    ops = [Operation(**op) for op in reply.get("ops", [])]
    inverse = [Operation(**op) for op in reply.get("inverse", [])]
    after = apply(state, ops)
    if apply(after, inverse) != state:
        yield f"{where}: the inverse operations lead to {_text(thaw(apply(after, inverse)))} in place of {_text(thaw(state))}"
    return after


def _of_reply(where: str, gives: dict[str, Any], reply: dict[str, Any], code: str | None) -> Iterator[str]:
    if "lost" in gives or code is not None:
        yield from _same(f"{where}: lost", gives.get("lost"), code)
        return
    error = reply.get("error")
    if gives.get("error") is not None:
        yield from _part(f"{where}: error", gives["error"], error)
    elif error is not None:
        yield f"{where}: an error that was not expected: {error}"
    waits = "calls" in gives or "timer" in gives
    status = gives.get("status", "failed" if gives.get("error") is not None else "waiting" if waits else "done")
    yield from _same(f"{where}: status", status, reply.get("status"))
    for name, wanted in gives.items():
        found: Any = reply.get(name, [] if name in ("ops", "inverse", "calls", "emits", "logs") else None)
        match name:
            case "error" | "status" | "state" | "lost":
                pass
            case "loaded":
                yield from _part(f"{where}: the loaded state", wanted, reply.get("state"))
            case "patch":
                yield from _part(f"{where}: patch", wanted, found)
            case "ops" | "inverse":
                yield from _same(f"{where}: {name}", [_operation(text) for text in wanted], found)
            case "logs":
                yield from _same(f"{where}: logs", wanted, [f"{line['level']}: {line['text']}" for line in found or ()])
            case "root" | "problems":
                yield from _part(f"{where}: {name}", wanted, (reply.get("tree") or {}).get(name))
            case "texts":
                yield from _same(
                    f"{where}: texts", wanted, [node["props"].get("content") for node in _nodes(reply) if node["type"] == "Text"]
                )
            case "ids":
                yield from _same(f"{where}: ids", wanted, [node["id"] for node in _nodes(reply)])
            case "value" | "tool" | "timer" | "emits" | "calls" | "progress" | "tree":
                yield from _same(f"{where}: {name}", wanted, found)
            case _:
                yield f"{where}: there is no {name} in a reply"


def _operation(text: str | dict[str, Any]) -> dict[str, Any]:
    """``add /path value``, ``replace /path value`` or ``remove /path``, the value as JSON; a path with spaces is written out."""
    if isinstance(text, dict):
        return {"op": text["op"], "path": text["path"], "value": text.get("value")}
    op, path, *value = text.split(" ", 2)
    return {"op": op, "path": path, "value": json.loads(value[0]) if value else None}


def _nodes(reply: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting = [node for node in [(reply.get("tree") or {}).get("root")] if node is not None]
    while waiting:
        node = waiting.pop(0)
        yield node
        waiting = node["children"] + waiting


def _same(where: str, wanted: Any, found: Any) -> Iterator[str]:
    # as text: the order of keys counts, 1 is not true, and 1.0 is 1
    if _text(wanted) != _text(found):
        yield f"{where}: {_text(found)} in place of {_text(wanted)}"


def _text(value: Any) -> str:
    return json.dumps(_numbers(value))


def _numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    return value


def _part(where: str, wanted: Any, found: Any) -> Iterator[str]:
    """Objects may hold more than is demanded, lists may not; text between tildes may stand anywhere in the text."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, value in wanted.items():
            if name not in found:
                yield f"{where}: no {name} in {_text(found)}"
            else:
                yield from _part(f"{where}.{name}", value, found[name])
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for i, value in enumerate(wanted):
            yield from _part(f"{where}[{i}]", value, found[i])
    elif isinstance(wanted, str) and isinstance(found, str) and len(wanted) > 1 and wanted[0] == wanted[-1] == "~":
        if wanted[1:-1] not in found:
            yield f"{where}: {found!r} does not hold {wanted[1:-1]!r}"
    else:
        yield from _same(where, wanted, found)
