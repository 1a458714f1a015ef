"""The language as a model is told it: short, and complete for what this version builds.

All but a few rules of writing comes from the catalog and the table of elements, so that it is never behind them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..catalog import ApiEntry, Catalog, ComponentEntry, EventEntry, ExtensionEntry, MethodEntry, PropEntry, catalog
from .elements import ELEMENTS, AttributeRule, ElementRule
from .values import VALUE_TYPES

_RULES = f"""\
# NXML

<NexusPanel> holds <Data>, <Logic>, <View>. Attributes stand in quotes; a value with " in it stands in '. Write & and < in
code as they are, no entities.
- Expressions are JavaScript and change nothing. In text and attributes each {{…}} is one: label="Total {{$state.total}}". One
  {{…}} alone keeps its type: hidden="{{!$state.open}}". Computed value, If condition, Iterate items, args and bind are
  expressions without braces. {{{{ and }}}} are braces in text.
- default is JSON of the type, default='[{{"id": 1}}]', for string the text itself; without it "", 0, false, [], {{}}, null. enum,
  tags, of and capabilities are lists with commas.
- bind is a place: $state.name or $scope.item.name.
- trigger="tool" calls a tool on the component's main event (marked !); on:EVENT="tool" on a particular one.
  args="[1]" in order, args="{{ id: 1 }}" by name.
- Types: {" ".join(VALUE_TYPES)}. Names are JavaScript identifiers. Durations: 250ms, 5s. Sizes: 16MB.
- Give a new Tool a description, an Iterate a key, and an input a label.
"""


_PLACES = {"handler": "handlers", "expression": "expressions", "args": "args"}


def instructions(known: Catalog | None = None) -> str:
    """Elements, components, names of the sandbox and extensions that this version builds, and the names of the rest.

    ``known`` is the catalog to tell; the product's own unless given.
    """
    known = known or catalog()
    lines = [_RULES, "Elements (* required):"]
    lines += [_element(rule) for rule in ELEMENTS.values() if rule.available]
    lines += _absent((*_unbuilt_elements(), *_unbuilt_attributes()))
    lines.append(f"\nEvery component takes: {', '.join(_prop(p) for p in known.common.values())}.")
    lines.append("Components (* required attribute, ! main event; events with the members of $event):")
    lines += [_component(c, known) for c in known.components.values() if c.available]
    lines += _absent(c.name for c in known.components.values() if not c.available)
    lines += _names(known)
    lines.append("\nWhat does not exist, and what to do instead:")
    lines += _forbidden(known)
    lines.append("\nExtensions, declared in Logic and called as await $ext.ALIAS.METHOD(…):")
    for extension in known.extensions.values():
        if extension.available:
            lines += _extension(extension)
    lines += _absent(e.name for e in known.extensions.values() if not e.available)
    return "\n".join(lines) + "\n"


def _unbuilt_elements() -> list[str]:
    return [f"<{rule.name}>" for rule in ELEMENTS.values() if not rule.available]


def _unbuilt_attributes() -> list[str]:
    attributes = [(a, rule) for rule in ELEMENTS.values() for a in rule.attributes]
    whole = [f"{a.name} of {rule.name}" for a, rule in attributes if not a.available]
    return [*whole, *(f'{a.name}="{choice}" of {rule.name}' for a, rule in attributes for choice in a.unbuilt)]


def _absent(names: Iterable[str]) -> list[str]:
    listed = ", ".join(names)
    return [f"Not in this version, do not use: {listed}."] if listed else []


def _element(rule: ElementRule) -> str:
    attributes = " ".join(_attribute(a) for a in rule.attributes if a.available)
    inside = f" Inside: {', '.join(rule.children)}." if rule.children else " Inside: text." if rule.text else ""
    return f"- {rule.name}: {rule.description}{f' Attributes: {attributes}.' if attributes else ''}{inside}"


def _attribute(rule: AttributeRule) -> str:
    choices = "|".join(each for each in rule.choices if each not in rule.unbuilt)
    return rule.name + ("*" if rule.required else "") + (f"({choices})" if choices else "")


def _prop(prop: PropEntry) -> str:
    kind = "|".join(prop.enum) if prop.enum else prop.type
    default = "" if prop.default in (None, "", False, []) else f"={prop.default if prop.enum else json.dumps(prop.default)}"
    return f"{prop.name}{'*' if prop.required else ''} {kind}{default}"


def _event(event: EventEntry, main: str | None) -> str:
    detail = ", ".join(f"{name}: {kind}" for name, kind in event.detail.items())
    return f"{event.name}{'!' if event.name == main else ''}{f' {{{detail}}}' if detail else ''}"


def _component(entry: ComponentEntry, known: Catalog) -> str:
    facts = [entry.description]
    if entry.props:
        facts.append(f"Attributes: {', '.join(map(_prop, entry.props))}.")
    if entry.bind:
        facts.append(f"bind: {entry.bind}.")
    if entry.events:
        facts.append(f"Events: {', '.join(_event(e, entry.main) for e in entry.events)}.")
    if entry.children == "components":
        facts.append(f"Holds {', '.join(entry.only) or 'components'}.")
    elif entry.content:
        facts.append(f"Text inside is {entry.content}.")
    # What stands in another component is in that one's example.
    if not any(f"<{entry.name}" in known.components[home].example for home in entry.within):
        facts.append(f"E.g. {' '.join(line.strip() for line in entry.example.splitlines())}")
    return f"- {entry.name}: {' '.join(facts)}"


def _names(known: Catalog) -> list[str]:
    """The names of the sandbox under the places where they are."""
    grouped: dict[tuple[str, ...], list[str]] = {}
    for entry in known.api.values():
        if entry.available:
            grouped.setdefault(entry.places, []).append(_api(entry))
    lines = []
    for places, entries in grouped.items():
        lines += [f"\nNames in {', '.join(_PLACES[place] for place in places)}:", *entries]
    return lines + _absent(a.name for a in known.api.values() if not a.available)


def _api(entry: ApiEntry) -> str:
    members = [m.name for m in entry.members if m.available]
    also = f" Members: {', '.join(members)}." if members else ""
    return f"- {entry.signature}: {entry.description}{also}"


def _forbidden(known: Catalog) -> list[str]:
    """Names by what to use instead; advice that needs what this version does not build is left out."""
    missing = [f'name="{e.name}"' for e in known.extensions.values() if not e.available]
    missing += [f"<{rule.name} " for rule in ELEMENTS.values() if not rule.available]
    missing += [f'{a.name}="' for rule in ELEMENTS.values() for a in rule.attributes if not a.available]
    grouped: dict[str, list[str]] = {}
    for name, advice in known.forbidden.items():
        useful = [part for part in advice.split("; ") if not any(each in part for each in missing)]
        grouped.setdefault("; ".join(useful), []).append(name)
    return [f"- {', '.join(names)}{f': {advice}' if advice else ''}" for advice, names in grouped.items()]


def _extension(entry: ExtensionEntry) -> list[str]:
    out = [f"- {entry.name}: {entry.description} E.g. {entry.example}"]
    for option in entry.options:
        kind = "|".join(option.enum) or option.type
        out.append(f"  {option.name} {kind}: {option.description}")
    told = ""
    for method in entry.methods:
        # methods of a kind give the same; the text goes with every request, so it is said once
        out.append(_method(method, same=method.returns == told))
        told = method.returns
    if entry.dynamic:
        out.append(f"  Methods: the functions handed over; one object is by name. Capability {entry.capabilities[0].name}.")
    return out


def _method(method: MethodEntry, *, same: bool) -> str:
    params = ", ".join(f"{p.name}{'' if p.required else '?'}: {p.type}" for p in method.params)
    members = [m.name for p in method.params for m in p.members]
    also = f" Options: {', '.join(members)}." if members else ""
    return f"  {method.name}({params}) [{method.capability}] {method.description}{also} Gives {'the same.' if same else method.returns}"
