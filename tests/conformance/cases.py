"""Cases of what panels mean, as data: a document, what is asked of its guest, and what it must answer.

``*.yaml`` in this folder; docs/hosts.md says how they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from nexus_jupyter.protocol import GuestLoad, GuestRequest

FOLDER = Path(__file__).parent
CLOCK = 1_700_000_000_000.0
"""2023-11-14T22:13:20Z: what steps read that name no clock."""

_PLACEHOLDER = re.compile(r"<<([A-Z]+)>>")
_STEPS = {"invoke", "event", "edit", "resume", "cancel", "read", "view"}
_CASE = {"name", "document", "with", "each", "state", "clock", "seed", "zone", "limits", "loads", "steps", "problems"}
_request: TypeAdapter[GuestRequest] = TypeAdapter(GuestRequest)


@dataclass(frozen=True)
class Step:
    """One request and what its reply must hold; ``request`` is as the protocol has it."""

    request: GuestRequest
    gives: dict[str, Any]


@dataclass(frozen=True)
class Case:
    """``steps`` of a guest that is loaded with ``load``; or ``problems``: the document is refused with these."""

    id: str
    source: str
    load: dict[str, Any]
    loads: dict[str, Any]
    steps: tuple[Step, ...]
    problems: list[str] | None = None
    limits: dict[str, int] = field(default_factory=dict)

    def loading(self, program: dict[str, Any]) -> GuestLoad:
        """The first request."""
        return GuestLoad(program=program, **self.load)


class _Loader(yaml.SafeLoader):
    """As YAML 1.2 has it: only ``true`` and ``false`` are truth values, ``no`` and ``off`` are words."""


_BOOL = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != _BOOL] for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|false)$"), list("tf"))


def cases() -> list[Case]:
    """All cases, each row of a table for itself."""
    found = [case for path in sorted(FOLDER.glob("*.yaml")) for case in _of_file(path)]
    names = [case.id for case in found]
    assert len(set(names)) == len(names), sorted({name for name in names if names.count(name) > 1})
    return found


def _of_file(path: Path) -> Iterator[Case]:
    content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    documents = content.get("documents", {})
    for raw in content["cases"]:
        unknown = raw.keys() - _CASE
        assert not unknown, f"{path.name}: {raw['name']}: {unknown}"
        for number, row in enumerate(raw.get("each", [{}]), 1):
            values = {**raw.get("with", {}), **row}
            suffix = f" {number}" if "each" in raw else ""
            yield _case(f"{path.stem}: {raw['name']}{suffix}", raw, documents, values)


def _case(name: str, raw: dict[str, Any], documents: dict[str, str], values: dict[str, Any]) -> Case:
    text: str = raw["document"]
    source = _filled(documents.get(text, text), values)
    load = {"clock": CLOCK, "seed": 1, "zone": "UTC"} | {
        key: _filled(raw[key], values) for key in ("clock", "seed", "zone", "state") if key in raw
    }
    steps = _filled(raw.get("steps", []), values)
    calls = 0
    made = []
    for step in steps:
        kind = next(iter(_STEPS & step.keys()))
        if kind in ("invoke", "event") and "call" not in step:
            calls += 1
        made.append(Step(_asked(kind, dict(step), max(calls, 1)), step.get("gives", {})))
    return Case(
        id=name,
        source=source,
        load=load,
        loads=_filled(raw.get("loads", {}), values),
        steps=tuple(made),
        problems=_filled(raw.get("problems"), values),
        limits=raw.get("limits", {}),
    )


def _asked(kind: str, step: dict[str, Any], call: int) -> GuestRequest:
    what = step.pop(kind)
    step.pop("gives", None)
    moment = {"clock": step.pop("clock", CLOCK), "seed": step.pop("seed", 1), "zone": step.pop("zone", "UTC")}
    fields: dict[str, Any] = {"op": kind}
    match kind:
        case "invoke":
            fields |= {
                "call": step.pop("call", call),
                "tool": what,
                "args": step.pop("args", None),
                "state": step.pop("state", None),
                **moment,
            }
        case "event":
            fields |= {
                "call": step.pop("call", call),
                "node": what,
                "name": step.pop("name", "press"),
                "detail": step.pop("detail", {}),
                **moment,
            }
        case "resume":
            fields |= {"call": step.pop("call", call), "results": what, "clock": moment["clock"]}
        case "cancel":
            fields |= {"call": what}
        case "edit":
            fields |= {"values": what, "clock": moment["clock"]}
        case "read":
            fields |= {"name": what}
        case "view":
            fields |= what
    assert not step, f"unknown: {step}"
    return _request.validate_python(fields)


def _filled(value: Any, values: dict[str, Any]) -> Any:
    """``value`` with each ``<<NAME>>`` replaced; one that stands alone keeps the type of what it stands for."""
    if isinstance(value, str):
        alone = _PLACEHOLDER.fullmatch(value)
        if alone:
            return values[alone[1]]
        return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), value)
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    return value
