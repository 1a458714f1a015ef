"""Tools as JSON Schema."""

from __future__ import annotations

from typing import Any

from nexus_jupyter.nxml import load_program
from nexus_jupyter.nxml.schema import tool_schema


def schema_of(args: str) -> dict[str, Any]:
    program, _ = load_program(
        f'<NexusPanel id="p"><Logic><Tool name="t" description="d">{args}<Handler>return 1</Handler></Tool></Logic></NexusPanel>'
    )
    return tool_schema(program.tools[0])


def test_a_tool_without_arguments_takes_an_empty_object() -> None:
    assert schema_of("") == {"type": "object", "properties": {}, "additionalProperties": False}


def test_each_type_of_an_argument_has_its_type_of_json() -> None:
    types = ("string", "number", "boolean", "list", "array", "object", "any", "frame")
    schema = schema_of("".join(f'<Arg name="a_{t}" type="{t}" />' for t in types))
    assert schema["properties"] == {
        "a_string": {"type": "string"},
        "a_number": {"type": "number"},
        "a_boolean": {"type": "boolean"},
        "a_list": {"type": "array"},
        "a_array": {"type": "array"},
        "a_object": {"type": "object"},
        "a_any": {},
        "a_frame": {"type": "array", "items": {"type": "object"}},
    }
    assert schema["required"] == [f"a_{t}" for t in types]


def test_what_an_argument_declares_is_in_its_schema() -> None:
    schema = schema_of(
        '<Arg name="n" type="number" min="-1.5" max="10" default="2" description="how many" />'
        '<Arg name="size" type="string" enum="S, M" description="" />'
        '<Arg name="level" type="number" enum="1,2.5" required="false" />'
        '<Arg name="extra" type="any" required="false" />'
        '<Arg name="note" type="string" default="" />'
    )
    assert schema == {
        "type": "object",
        "properties": {
            "n": {"type": "number", "description": "how many", "minimum": -1.5, "maximum": 10, "default": 2},
            "size": {"type": "string", "enum": ["S", "M"]},
            "level": {"type": "number", "enum": [1, 2.5]},
            "extra": {"default": None},
            "note": {"type": "string", "default": ""},
        },
        "additionalProperties": False,
        "required": ["size"],
    }
