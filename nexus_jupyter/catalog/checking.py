"""What must hold within the catalog and between its entries, beyond the shape that the model gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from pydantic import JsonValue

from .model import Catalog, ComponentEntry, ExtensionEntry, OptionEntry, ParameterEntry, PropEntry

_NAME = re.compile(r"[a-z][A-Za-z0-9]*")
_COMPONENT = re.compile(r"[A-Z][A-Za-z0-9]*")
_EXTENSION = re.compile(r"nexus\.[a-z]+")
_CAPABILITY = re.compile(r"[a-z]+:[a-z]+")
_API = re.compile(r"\$?[a-z][A-Za-z]*")
_TAG = re.compile(r"<([A-Z][A-Za-z0-9]*)[\s/>]")
_DURATION = re.compile(r"[0-9]+(ms|s|m|h)")
# An attribute that a component's own property cannot be called, beside the common ones.
_TAKEN = ("bind",)
# What is a list in its file rather than an entry of its own.
_LISTS = {"styles": "components/common.yaml", "standard": "language/globals.yaml", "forbidden": "language/globals.yaml"}


class Problem(NamedTuple):
    """One thing wrong with the catalog: the file, the entry's name, the field (``props.rows.default``), what it is."""

    file: str
    entry: str
    field: str
    message: str

    def __str__(self) -> str:
        place = ".".join(part for part in (self.entry, self.field) if part)
        return f"{self.file}: {place} {self.message}" if place else f"{self.file} {self.message}"


class CatalogError(ValueError):
    """The catalog's files are damaged; ``problems`` are all that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("the catalog is damaged:\n" + "\n".join(map(str, self.problems)))


def check_catalog(catalog: Catalog, files: Mapping[str, str]) -> list[Problem]:
    """What is wrong with ``catalog``; ``files`` tells which file each entry is from."""
    found: list[Problem] = []

    def reporter(entry: str) -> _Report:
        file = _LISTS.get(entry) or files[entry]
        return lambda field, message: found.append(Problem(file, "" if entry in _LISTS else entry, field, message))

    _check_once(reporter("styles"), "styles", catalog.styles)
    _check_once(reporter("standard"), "standard", catalog.globals)
    for prop in catalog.common.values():
        _check_prop(prop, "", reporter(prop.name))
    _check_spellings(catalog, reporter)
    for component in catalog.components.values():
        _check_component(component, catalog, reporter(component.name))
    capabilities: dict[str, str] = {}
    for extension in catalog.extensions.values():
        report = reporter(extension.name)
        _check_extension(extension, report)
        for capability in extension.capabilities:
            owner = capabilities.setdefault(capability.name, extension.name)
            if owner != extension.name:
                report(f"capabilities.{capability.name}", f"belongs to {owner} already")
    for api in catalog.api.values():
        report = reporter(api.name)
        if not _API.fullmatch(api.name):
            report("name", "must be a name such as $state or console")
        _check_texts(report, {"description": api.description, "signature": api.signature})
        _check_once(report, "members", [m.name for m in api.members])
        for member in api.members:
            _check_texts(report, {f"members.{member.name}.{n}": getattr(member, n) for n in ("description", "signature")})
        if not api.places:
            report("places", "must name a place")
        if api.name in catalog.forbidden or api.name in catalog.globals:
            report("name", "is among the globals, too")
    for name in catalog.forbidden:
        if name in catalog.globals or not catalog.forbidden[name].strip():
            message = "exists, so it cannot be forbidden" if name in catalog.globals else "must say what to use instead"
            reporter("forbidden")(f"forbidden.{name}", message)
    return found


_Report = Callable[[str, str], None]


def _check_texts(report: _Report, texts: Mapping[str, str]) -> None:
    for field, text in texts.items():
        if not text.strip():
            report(field, "is empty")


def _check_once(report: _Report, field: str, names: Sequence[str]) -> None:
    seen = set()
    for name in names:
        if name in seen:
            report(f"{field}.{name}", "is there twice")
        seen.add(name)


def _check_spellings(catalog: Catalog, reporter: Callable[[str], _Report]) -> None:
    seen: dict[str, str] = {}
    for prop in catalog.common.values():
        for alias in prop.aliases:
            owner = prop.name if alias in catalog.common or alias in _TAKEN else seen.setdefault(alias, prop.name)
            if alias in catalog.common or alias in _TAKEN:
                reporter(prop.name)("aliases", f"holds {alias!r}, which is an attribute itself")
            elif owner != prop.name:
                reporter(prop.name)("aliases", f"holds {alias!r}, which stands for {owner} already")


def _check_prop(prop: PropEntry, at: str, report: _Report) -> None:
    def tell(field: str, message: str) -> None:
        report(f"{at}{field}", message)

    if not _NAME.fullmatch(prop.name):
        tell("name", "must be letters and digits, a small letter first")
    _check_texts(tell, {"description": prop.description})
    if (prop.type == "enum") != bool(prop.enum):
        tell("enum", "belongs to the type enum, and to that only")
    if len(set(prop.enum)) != len(prop.enum):
        tell("enum", "holds a value twice")
    numeric = prop.type in ("number", "integer")
    if not numeric and (prop.min is not None or prop.max is not None):
        tell("min" if prop.min is not None else "max", f"belongs to numbers, not to {prop.type}")
    if prop.min is not None and prop.max is not None and prop.min > prop.max:
        tell("min", "is larger than max")
    if problem := _default_problem(prop):
        tell("default", problem)


def _default_problem(prop: PropEntry) -> str:
    value = prop.default
    if value is None:
        return ""
    if prop.required:
        return "has no use: the property is required"
    if prop.type == "enum":
        return "" if value in prop.enum else f"{value!r} is not in its enum"
    if not _fits(value, prop.type):
        return f"{value!r} is no {prop.type}"
    if prop.type in ("number", "integer", "duration") and isinstance(value, int | float):
        low, high = (0, None) if prop.type == "duration" else (prop.min, prop.max)
        if (low is not None and value < low) or (high is not None and value > high):
            return f"{value!r} is outside its range"
    return ""


def _fits(value: JsonValue, kind: str) -> bool:
    if kind in ("number", "duration"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    wanted = {"boolean": bool, "list": list, "object": dict, "any": object}
    return isinstance(value, wanted.get(kind, str))


def _check_component(entry: ComponentEntry, catalog: Catalog, report: _Report) -> None:
    if not _COMPONENT.fullmatch(entry.name):
        report("name", "must be letters and digits, a capital letter first")
    _check_texts(report, {"description": entry.description, "accessibility": entry.accessibility})
    own = [p.name for p in entry.props]
    _check_once(report, "props", own)
    for prop in entry.props:
        _check_prop(prop, f"props.{prop.name}.", report)
        if prop.name in catalog.common or prop.name in catalog.aliases or prop.name in _TAKEN:
            report(f"props.{prop.name}", "is what every component takes")
        if prop.aliases:
            report(f"props.{prop.name}.aliases", "belongs to what every component takes")
    if entry.content is not None and entry.content not in own:
        report("content", f"names {entry.content!r}, which is no property of it")
    if entry.content is not None and entry.children == "components":
        report("content", "goes with no children; text and components do not stand side by side")
    if not 1 <= entry.span <= 12:
        report("span", "must be from 1 to 12")
    for field in ("only", "within"):
        for name in getattr(entry, field):
            if name not in catalog.components:
                report(field, f"names the unknown component {name!r}")
    for home in (catalog.components[name] for name in entry.within if name in catalog.components):
        if home.children == "none" or (home.only and entry.name not in home.only):
            report("within", f"names {home.name!r}, which does not hold it")
    if entry.only and entry.children == "none":
        report("only", "has no meaning: it holds no components")
    attributes = {*own, *catalog.common}
    groups = {"needs": [entry.needs], "one_of": entry.one_of, "label": [entry.label]}
    for field, listed in groups.items():
        for name in (name for group in listed for name in group):
            if name not in attributes and not (name in _TAKEN and entry.bindable):
                report(field, f"names the unknown attribute {name!r}")
    _check_once(report, "events", entry.event_names)
    for event in entry.events:
        if not _NAME.fullmatch(event.name):
            report(f"events.{event.name}.name", "must be letters and digits, a small letter first")
        _check_texts(report, {f"events.{event.name}.description": event.description})
    if entry.main is not None and entry.main not in entry.event_names:
        report("main", f"names the unknown event {entry.main!r}")
    _check_example(entry, catalog, report)


def _check_example(entry: ComponentEntry, catalog: Catalog, report: _Report) -> None:
    names = _TAG.findall(entry.example)
    if entry.name not in names:
        report("example", f"does not contain <{entry.name}>")
    for name in dict.fromkeys(names):
        if name not in catalog.components:
            report("example", f"contains <{name}>, which is no component")


def _check_extension(entry: ExtensionEntry, report: _Report) -> None:
    if not _EXTENSION.fullmatch(entry.name):
        report("name", "must be written nexus.name")
    _check_texts(report, {"description": entry.description})
    if f'<Extension name="{entry.name}"' not in entry.example:
        report("example", f'does not contain <Extension name="{entry.name}"')
    capabilities = [c.name for c in entry.capabilities]
    _check_once(report, "capabilities", capabilities)
    for capability in entry.capabilities:
        if not _CAPABILITY.fullmatch(capability.name):
            report(f"capabilities.{capability.name}.name", "must be written kind:verb")
        _check_texts(report, {f"capabilities.{capability.name}.description": capability.description})
    _check_once(report, "options", [o.name for o in entry.options])
    for option in entry.options:
        _check_option(option, f"options.{option.name}.", report)
    _check_once(report, "methods", [m.name for m in entry.methods])
    if entry.dynamic == bool(entry.methods):
        report("methods", "must be listed, unless Python hands them over (dynamic)")
    for method in entry.methods:
        at = f"methods.{method.name}."
        if not _NAME.fullmatch(method.name):
            report(f"{at}name", "must be letters and digits, a small letter first")
        if method.capability not in capabilities:
            report(f"{at}capability", f"names {method.capability!r}, which the extension does not list")
        _check_texts(report, {f"{at}description": method.description, f"{at}returns": method.returns})
        if f".{method.name}(" not in method.example:
            report(f"{at}example", f"does not call {method.name}")
        _check_parameters(method.params, at, report)


def _check_option(option: OptionEntry, at: str, report: _Report) -> None:
    if not _NAME.fullmatch(option.name) or option.name in ("name", "alias", "reason"):
        report(f"{at}name", "must be letters and digits, a small letter first, and not what every Extension has")
    _check_texts(report, {f"{at}description": option.description})
    if (option.type == "enum") != bool(option.enum):
        report(f"{at}enum", "belongs to the type enum, and to that only")
    value = option.default
    if value is not None:
        fits = value in option.enum if option.type == "enum" else _fits(value, option.type)
        if option.type == "duration":
            fits = isinstance(value, str) and _DURATION.fullmatch(value) is not None
        if not fits:
            report(f"{at}default", f"{value!r} is no {option.type} that the option takes")
    if option.type == "enum" and (foreign := sorted(set(option.dangerous) - set(option.enum))):
        report(f"{at}dangerous", f"holds {', '.join(map(repr, foreign))}, which the enum does not")


def _check_parameters(params: Sequence[ParameterEntry], at: str, report: _Report) -> None:
    _check_once(report, f"{at}params", [p.name for p in params])
    optional = False
    for param in params:
        place = f"{at}params.{param.name}."
        if not _NAME.fullmatch(param.name):
            report(f"{place}name", "must be letters and digits, a small letter first")
        _check_texts(report, {f"{place}description": param.description})
        if param.required and optional:
            report(f"{place}required", "is true after a parameter that may be left out")
        optional = optional or not param.required
        if param.default is not None and (param.required or not _fits(param.default, param.type)):
            report(f"{place}default", "has no use: it is required" if param.required else f"{param.default!r} is no {param.type}")
        if param.members and param.type != "object":
            report(f"{place}members", f"belongs to the type object, not to {param.type}")
        _check_once(report, f"{place}members", [m.name for m in param.members])
        for member in param.members:
            _check_texts(report, {f"{place}members.{member.name}.description": member.description})
            if member.default is not None and not _fits(member.default, member.type):
                report(f"{place}members.{member.name}.default", f"{member.default!r} is no {member.type}")
