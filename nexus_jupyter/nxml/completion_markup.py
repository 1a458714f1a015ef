"""What may stand at a cursor in the markup: elements and attributes."""

from __future__ import annotations

from ..catalog import Catalog, ComponentEntry, PropEntry, catalog
from .completion_item import NOT_BUILT, Completion, code, example, item
from .cursor import Cursor
from .elements import ELEMENTS, AttributeRule, ElementRule

_BINDABLE = "The place that the component shows and edits: `$state.name` or a part of it, or one of a loop variable."
_ONCE = ("NexusPanel", "Data", "Logic", "View", "Handler", "Else", "Empty")


def elements(cursor: Cursor, everything: bool) -> list[Completion]:
    """The elements that may stand here; all there are with ``everything``."""
    known = catalog()
    if everything:
        return [*map(_element, ELEMENTS.values()), *map(_component, known.components.values())]
    parent, present = cursor.parent.name, cursor.parent.children
    out: list[Completion] = []
    if cursor.in_view:
        entry = known.components.get(parent)
        if entry is None or entry.children == "components":
            only = entry.only if entry else ()
            out = [
                _component(c)
                for c in known.components.values()
                if c.available and (parent in c.within if c.within else not only or c.name in only)
            ]
    else:
        rule = ELEMENTS.get(parent)
        children = rule.children if rule else () if parent else ("NexusPanel",)
        out = [_element(ELEMENTS[name]) for name in children if ELEMENTS[name].available]
    return [i for i in out if not (i.label in _ONCE and i.label in present)]


def closing(cursor: Cursor) -> list[Completion]:
    """The end of the innermost open element."""
    name = cursor.parent.name
    return [item(name, "element", "", f"Closes `<{name}>`.")] if name else []


def _element(rule: ElementRule) -> Completion:
    needed = [a.name for a in rule.attributes if a.required]
    holds = [f"`<{n}>`" for n in rule.children] or (["components"] if rule.name == "View" else [])
    return item(
        rule.name,
        "element",
        "",
        rule.description,
        "" if rule.available else NOT_BUILT,
        f"Needs {', '.join(code(n) for n in needed)}." if needed else "",
        f"Holds {', '.join(holds)}." if holds else "",
        example(rule.example),
    )


def _component(entry: ComponentEntry) -> Completion:
    needed = [p.name for p in entry.props if p.required] + list(entry.needs) + [" or ".join(group) for group in entry.one_of]
    return item(
        entry.name,
        "component",
        entry.group,
        entry.description,
        "" if entry.available else NOT_BUILT,
        f"Needs {', '.join(code(n) for n in needed)}." if needed else "",
        f"Events: {', '.join(code(n) for n in entry.event_names)}." if entry.events else "",
        example(entry.example),
    )


def attributes(cursor: Cursor, everything: bool) -> list[Completion]:
    """The attributes that the tag at the cursor may still take, required ones first."""
    known = catalog()
    present = {} if everything else {n: v for n, v in cursor.attributes.items() if n != cursor.attribute}
    if not cursor.in_view:
        rule = ELEMENTS.get(cursor.element)
        found = [(a.required, _attribute(a)) for a in (rule.attributes if rule else ()) if a.available or everything]
        if rule is not None and rule.open:
            entry = known.extension(cursor.attributes.get("name", "").strip())
            found += [(False, item(o.name, "attribute", o.type, o.description)) for o in (entry.options if entry else ())]
    else:
        found = _of_component(known, known.components.get(cursor.element), present, everything)
    found.sort(key=lambda pair: not pair[0])
    return [i for _, i in found if i.label not in present]


def _attribute(rule: AttributeRule) -> Completion:
    facts = [f"One of {', '.join(code(c) for c in rule.choices)}."] if rule.choices else []
    facts += [f"Default: {code(rule.default)}."] if rule.default else []
    shown = example(f'{rule.name}="{rule.example}"') if rule.example else ""
    built = "" if rule.available else NOT_BUILT
    return item(rule.name, "attribute", _wanted(rule.kind, rule.required), rule.description, built, " ".join(facts), shown)


def _wanted(kind: str, required: bool) -> str:
    return f"{kind}, required" if required else kind


def _of_component(known: Catalog, entry: ComponentEntry | None, present: dict[str, str], everything: bool) -> list[tuple[bool, Completion]]:
    calls = everything or any(n == "trigger" or n.startswith("on:") for n in present)
    out: list[tuple[bool, Completion]] = []
    if entry is not None:
        taken = {name for group in entry.one_of if any(n in present for n in group) for name in group}
        eager = {name for group in entry.one_of for name in group} | set(entry.needs)
        for prop in entry.props:
            if prop.name not in taken:
                out.append((prop.required or prop.name in eager, _prop(prop, prop.required)))
        if entry.bindable and "bind" not in entry.prop_by_name:
            out.append((True, item("bind", "attribute", f"place of a {entry.bind}", _BINDABLE, example('bind="$state.name"'))))
        for event in entry.events:
            detail = ", ".join(f"{n}: {t}" for n, t in event.detail.items())
            shape = f"`$event` is `{{{detail}}}`." if detail else "`$event` has no members."
            out.append((False, item(f"on:{event.name}", "event", "tool", event.description, shape)))
    own = set() if entry is None else set(entry.prop_by_name)
    for prop in known.common.values():
        silent = prop.name == "trigger" and entry is not None and entry.main is None and not everything
        if prop.name in own or silent or (prop.name == "args" and not calls):
            continue
        needed = entry is not None and prop.name in entry.needs
        out.append((needed, _prop(prop, needed)))
    if everything:
        props = [*(entry.props if entry else ()), *known.common.values()]
        out += [(False, item(a, "attribute", p.type, p.description, f"Better written {code(p.name)}.")) for p in props for a in p.aliases]
    return out


def _prop(prop: PropEntry, required: bool) -> Completion:
    return item(prop.name, "attribute", _wanted(prop.type, required), prop.description, _values_of(prop))


def _values_of(prop: PropEntry) -> str:
    said_default = "" if prop.default in (None, "") else f"Default: {code(_literal(prop.default))}."
    if prop.enum:
        return " ".join(filter(None, (f"One of {', '.join(code(v) for v in prop.enum)}.", said_default)))
    return said_default


def _literal(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
