"""The view of a program: components with their properties, events and places."""

from __future__ import annotations

from typing import Any, Protocol

from pydantic import JsonValue

from ..catalog import Catalog, ComponentEntry, PropEntry
from .ast import Attribute, Element, Expression, Part
from .elements import ELEMENTS
from .literals import of_attribute
from .place import read_place
from .program import BindingProp, LiteralProp, Place, Prop, TextProp, Trigger, ViewNode
from .style import read_style
from .whitespace import collapsed, dedented

_CONTROL = ("If", "Iterate")
# What becomes a field of its own in a ViewNode.
_FIELDS = frozenset(("bind", "trigger", "args", "key", "condition", "items", "over", "as", "index"))


class _Codes(Protocol):
    def expression(self, expression: Expression) -> int: ...
    def args(self, expression: Expression) -> int: ...


def compile_view(view: Element, code: _Codes, catalog: Catalog) -> ViewNode | None:
    """The root of the view; None when it is empty.

    Several components, or a loop or condition that may stand for none or many, get a ``Layout`` around.
    """
    order: list[Element] = []
    todo = list(view.elements())[::-1]
    while todo:
        element = todo.pop()
        if element.name in ELEMENTS:
            continue
        order.append(element)
        todo.extend(list(element.elements())[::-1])
    fields = [(element, _fields(element, code, catalog)) for element in order]
    made: dict[int, ViewNode] = {}
    # Children stand behind their parents, so that backwards every child is made before it is needed.
    for element, values in reversed(fields):
        children = tuple(made[n] for n in element.node.children if n in made)
        made[element.id] = ViewNode(type=element.name, span=element.span, children=children, **values)
    roots = tuple(made[n] for n in view.node.children if n in made)
    if len(roots) == 1 and roots[0].type not in _CONTROL:
        return roots[0]
    return ViewNode(type="Layout", span=view.span, children=roots) if roots else None


def _fields(element: Element, code: _Codes, catalog: Catalog) -> dict[str, Any]:
    entry = catalog.components.get(element.name)
    out: dict[str, Any] = {"props": _props(element, entry, code, catalog)}
    if (bind := _expression(element, "bind")) is not None:
        out["bind"] = _place(bind, code)
    key = element.get("key")
    if key is not None:
        found = _expression(element, "key")
        out["key"] = LiteralProp(value=(key.value or "").strip()) if found is None else BindingProp(code=code.expression(found))
    if events := _events(element, code):
        out["events"] = events
    if element.name == "If" and (condition := _expression(element, "condition")) is not None:
        out["condition"] = code.expression(condition)
    if element.name == "Iterate":
        items = _expression(element, "items") or _expression(element, "over")
        if items is not None:
            out["items"] = code.expression(items)
        out["item_name"] = element.text("as", "item")
        out["index_name"] = element.text("index") or None
    return out


def _expression(element: Element, name: str) -> Expression | None:
    attribute = element.get(name)
    if attribute is None or attribute.mode != "expression":
        return None
    return next((p for p in attribute.parts if isinstance(p, Expression)), None)


def _place(expression: Expression, code: _Codes) -> Place:
    place = read_place(expression)
    return Place(root=place.root, path=tuple(p if isinstance(p, str) else code.expression(p) for p in place.path))


def _events(element: Element, code: _Codes) -> dict[str, Trigger]:
    """What the events call; ``args`` belong to the trigger, or to all events when there is none."""
    written = _expression(element, "args")
    args = None if written is None else code.args(written)
    trigger = element.get("trigger")
    out: dict[str, Trigger] = {}
    for name, attribute in element.attributes.items():
        if name.startswith("on:"):
            out[name[3:]] = Trigger(tool=(attribute.value or "").strip(), args=args if trigger is None else None)
    if trigger is not None:
        out["press"] = Trigger(tool=(trigger.value or "").strip(), args=args)
    return out


def _props(element: Element, entry: ComponentEntry | None, code: _Codes, catalog: Catalog) -> dict[str, Prop]:
    own = entry.prop_by_name if entry is not None else {}
    out: dict[str, Prop] = {}
    for name, attribute in element.attributes.items():
        if name in _FIELDS and name not in own:
            continue
        if name.startswith("on:"):
            continue
        canonical = name if name in own else catalog.aliases.get(name, name)
        prop = own.get(name) or catalog.common.get(canonical)
        if prop is not None and not prop.resolved:
            continue
        out.setdefault(canonical, _prop(prop, attribute, code, catalog))
    content = entry.content if entry is not None else None
    if content is not None and content not in out:
        parts: tuple[Part, ...] = tuple(p for text in element.texts() for p in text.parts)
        parts = dedented(parts) if entry is not None and entry.keeps_lines else collapsed(parts)
        if parts:
            out[content] = _of_parts(parts, code)
    return out


def _prop(prop: PropEntry | None, attribute: Attribute, code: _Codes, catalog: Catalog) -> Prop:
    expression = attribute.expression
    if expression is not None:
        return BindingProp(code=code.expression(expression))
    if any(isinstance(p, Expression) for p in attribute.parts):
        return _of_parts(attribute.parts, code)
    value: JsonValue
    if prop is None:
        value = True if attribute.value is None else "".join(p for p in attribute.parts if isinstance(p, str))
    elif prop.type == "style":
        value, _ = read_style("".join(p for p in attribute.parts if isinstance(p, str)), catalog.styles)
    else:
        value = of_attribute(prop, attribute, catalog)
    return LiteralProp(value=value)


def _of_parts(parts: tuple[Part, ...], code: _Codes) -> Prop:
    if len(parts) == 1:
        only = parts[0]
        return LiteralProp(value=only) if isinstance(only, str) else BindingProp(code=code.expression(only))
    return TextProp(parts=tuple(p if isinstance(p, str) else code.expression(p) for p in parts))
