"""What an extension class says about itself, as a catalog entry: its docstrings, class variables and annotations."""

from __future__ import annotations

import inspect
import json
import re
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from pydantic import JsonValue, TypeAdapter
from pydantic.fields import FieldInfo

from ...catalog import ExtensionEntry, MethodEntry, ParameterEntry
from ...catalog.model import DetailType, MemberEntry

if TYPE_CHECKING:
    from .base import Extension

_TYPES: dict[str, DetailType] = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "array": "list",
    "object": "object",
}
_SAMPLES: dict[DetailType, str] = {"string": '"…"', "number": "1", "boolean": "true", "list": "[]", "object": "{}", "any": "null"}
_GIVES: dict[DetailType, str] = {
    "string": "A string.",
    "number": "A number.",
    "boolean": "true or false.",
    "list": "A list.",
    "object": "An object.",
    "any": "A value.",
}


def declare(extension: type[Extension]) -> ExtensionEntry:
    """The entry of an extension class.

    The first paragraph of the class's docstring describes it, that of a method the method; of a parameter and of a
    result ``Annotated[…, Field(description="…")]`` does.

    Raises TypeError: something cannot be declared, with what and why.
    """
    description = _paragraph(extension)
    if not description:
        raise TypeError(f"{extension.__name__} needs a docstring: it is what a person reads who is asked to allow it")
    alias = extension.name.rpartition(".")[2]
    listed = [capability.name for capability in extension.capabilities]
    methods = []
    for name in extension.methods():
        entry = _method(extension, name, alias)
        if entry.capability not in listed:
            raise TypeError(f"{extension.__name__}.{name} uses the capability {entry.capability!r}, which capabilities does not list")
        methods.append(entry)
    return ExtensionEntry(
        name=extension.name,
        available=True,
        description=description,
        capabilities=extension.capabilities,
        methods=tuple(methods),
        options=extension.options,
        example=f'<Extension name="{extension.name}" reason="…" />',
    )


def _method(extension: type[Extension], name: str, alias: str) -> MethodEntry:
    function = getattr(extension, name)
    hints = get_type_hints(function, include_extras=True)
    params = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.name not in hints:
            raise TypeError(f"{extension.__name__}.{name}: the parameter {parameter.name} must be annotated")
        params.append(_parameter(parameter, hints[parameter.name]))
    given = ", ".join(_SAMPLES[p.type] for p in params if p.required)
    return MethodEntry(
        name=name,
        capability=extension.capability(name) or "",
        description=_paragraph(function) or f"Calls {name}.",
        params=tuple(params),
        returns=_returns(hints.get("return", Any)),
        example=f"await $ext.{alias}.{name}({given});\n",
    )


def _parameter(parameter: inspect.Parameter, annotation: Any) -> ParameterEntry:
    schema = _schema(annotation)
    kind = _kind(schema)
    required = parameter.default is parameter.empty
    return ParameterEntry(
        name=parameter.name,
        type=kind,
        description=_described(annotation) or f"{parameter.name}.",
        required=required,
        default=None if required else _default(parameter.default),
        members=_members(schema) if kind == "object" else (),
    )


def _members(schema: dict[str, Any]) -> tuple[MemberEntry, ...]:
    """The members of an object that has no others."""
    if schema.get("additionalProperties") is not False:
        return ()
    found = []
    for name, each in schema.get("properties", {}).items():
        inner = _resolved(each, schema)
        found.append(
            MemberEntry(
                name=name, type=_kind(inner), description=each.get("description") or f"{name}.", default=_default(each.get("default"))
            )
        )
    return tuple(found)


def _returns(annotation: Any) -> str:
    if annotation is type(None) or annotation is None:
        return "Nothing; the promise is kept when it is done."
    return _described(annotation) or _GIVES[_kind(_schema(annotation))]


def _schema(annotation: Any) -> dict[str, Any]:
    try:
        schema = TypeAdapter(annotation).json_schema()
    except Exception:  # Pydantic has no meaning for it: then it is any value
        return {}
    return _resolved(schema, schema)


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Without ``null`` among its kinds, and with what it refers to in its place."""
    kinds = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if len(kinds) == 1:
        schema = {**kinds[0], "$defs": root.get("$defs", {})}
    reference = schema.get("$ref")
    if isinstance(reference, str):
        definitions = root.get("$defs", {})
        return {**definitions.get(reference.rpartition("/")[2], {}), "$defs": definitions}
    return schema


def _kind(schema: dict[str, Any]) -> DetailType:
    return _TYPES.get(str(schema.get("type")), "any")


def _default(value: object) -> JsonValue:
    try:
        made: JsonValue = json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return None
    return made


def _described(annotation: Any) -> str:
    if get_origin(annotation) is None:
        return ""
    return next((each.description for each in get_args(annotation)[1:] if isinstance(each, FieldInfo) and each.description), "")


def _paragraph(thing: Any) -> str:
    text = inspect.cleandoc(thing.__doc__ or "").partition("\n\n")[0]
    return re.sub(r"\s+", " ", text).strip()
