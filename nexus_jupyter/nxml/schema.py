"""Tools as JSON Schema (2020-12), for callers that choose arguments by name: AI, REST, MCP."""

from __future__ import annotations

from pydantic import JsonValue

from .program import ArgDeclaration, ToolDeclaration

_TYPES: dict[str, JsonValue] = {
    "string": "string",
    "number": "number",
    "boolean": "boolean",
    "list": "array",
    "object": "object",
    # a frame that comes from outside Python is the list of its records
    "frame": "array",
}


def tool_schema(tool: ToolDeclaration) -> dict[str, JsonValue]:
    """The schema of one object with the tool's arguments by name."""
    schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {arg.name: _argument(arg) for arg in tool.args},
        "additionalProperties": False,
    }
    if required := [arg.name for arg in tool.args if arg.required]:
        schema["required"] = list[JsonValue](required)
    return schema


def _argument(arg: ArgDeclaration) -> JsonValue:
    schema: dict[str, JsonValue] = {}
    if arg.type in _TYPES:
        schema["type"] = _TYPES[arg.type]
    if arg.type == "frame":
        schema["items"] = {"type": "object"}
    if arg.description:
        schema["description"] = arg.description
    if arg.enum is not None:
        schema["enum"] = list(arg.enum)
    if arg.min is not None:
        schema["minimum"] = _whole(arg.min)
    if arg.max is not None:
        schema["maximum"] = _whole(arg.max)
    # null as a default says "none was written", except where null is a value
    if not arg.required and (arg.default is not None or arg.type == "any"):
        schema["default"] = arg.default
    return schema


def _whole(bound: float) -> JsonValue:
    return int(bound) if bound.is_integer() else bound
