"""Components: which there are, what they take, what stands in them, and what names them."""

from __future__ import annotations

import re

from ...catalog import ComponentEntry, PropEntry
from ...diagnostics import Fix
from ..ast import Attribute, Element
from ..elements import ELEMENTS
from ..literals import absent_value, of_attribute, shown
from ..nearest import like, short
from .attributes import report_missing, report_unknown
from .rule import COMPONENT, UNKNOWN, Context, Site, rule

_CLASS = re.compile(r"[\w\s-]*")
# What is surely meant as an expression where no text is wanted.
_PATH = re.compile(r"\$(?:state|scope)(?:\.[A-Za-z_$][\w$]*+)++")
_TEXTS = ("string", "style")
_CONTROL = ("If", "Else", "Iterate", "Empty")
# What people mean who write HTML by habit.
_OF_HTML = {
    **dict.fromkeys(("div", "section", "main", "article", "header", "footer", "nav"), "Layout"),
    **dict.fromkeys(("span", "p", "label", "strong", "em", "b", "i", "small", "h1", "h2", "h3", "h4", "h5", "h6", "li"), "Text"),
    "ul": "Iterate",
    "ol": "Iterate",
    "img": "Image",
    "a": "Link",
    "hr": "Divider",
    "textarea": "Input",
    "pre": "Code",
    "fieldset": "Container",
}


def belongs(site: Site, child: Element, context: Context) -> bool:
    """Whether a child of a component is looked at any further."""
    if child.name in ELEMENTS:
        return False
    return site.entry is None or site.entry.children == "components"


def prop_of(entry: ComponentEntry | None, name: str, context: Context) -> PropEntry | None:
    """The catalog's description of an attribute, by its name or an alias."""
    common = context.catalog.common
    if entry is not None and (own := entry.prop_by_name.get(name)) is not None:
        return own
    return common.get(context.catalog.aliases.get(name, name))


@rule("UNKNOWN_COMPONENT", on=UNKNOWN)
def component_is_known(site: Site, context: Context) -> None:
    """What: a component is one that the catalog lists.

    Why: an unknown one shows as a placeholder.  Remedy: correct the name.
    """
    element = site.element
    near = _OF_HTML.get(element.name) or context.nearest(element.name, context.catalog.components)
    span = element.name_span
    context.report(
        "UNKNOWN_COMPONENT",
        f"unknown component <{short(element.name)}>" + (f"; did you mean <{near}>?" if near else ""),
        element,
        hint="a placeholder stands in its place",
        fix=Fix(title=f"change to <{near}>", span=span, replacement=near) if near and context.closes_itself(element) else None,
    )


@rule("NOT_AVAILABLE", on=COMPONENT)
def component_is_built(site: Site, context: Context) -> None:
    """What: this version builds the component.

    Why: one that it does not build yet shows as a placeholder.  Remedy: use another one meanwhile.
    """
    if site.entry is not None and not site.entry.available:
        context.report(
            "NOT_AVAILABLE",
            f"<{site.entry.name}> is not built by this version",
            site.element,
            hint="a placeholder stands in its place",
        )


@rule("MISPLACED_ELEMENT", on=(COMPONENT, UNKNOWN))
def children_fit(site: Site, context: Context) -> None:
    """What: elements stand only in components that hold some, and where they have a meaning.

    Why: a child in another place would not be shown.  Remedy: move it.
    """
    element, entry = site.element, site.entry
    for child in element.elements():
        name = short(child.name)
        if child.name in ELEMENTS:
            homes = " or ".join(f"<{r.name}>" for r in ELEMENTS.values() if child.name in r.children)
            context.report(
                "MISPLACED_ELEMENT", f"<{name}> does not belong in <View>", child, hint=f"it belongs in {homes}" if homes else ""
            )
        elif entry is not None and entry.children == "none":
            message = f"<{entry.name}> holds no components; <{name}> is inside it"
            context.report("MISPLACED_ELEMENT", message, child, hint=f"close <{entry.name}> before it")
        elif entry is not None and entry.only and child.name not in (*entry.only, *_CONTROL):
            allowed = ", ".join(f"<{n}>" for n in entry.only)
            context.report("MISPLACED_ELEMENT", f"<{entry.name}> holds {allowed} only; <{name}> is inside it", child)


@rule("MISPLACED_ELEMENT", on=COMPONENT)
def parent_fits(site: Site, context: Context) -> None:
    """What: ``Else`` stands in ``If``, ``Empty`` in ``Iterate``, ``Tab`` in ``Tabs``.

    Why: elsewhere they mean nothing.  Remedy: move them.
    """
    entry = site.entry
    if entry is None or not entry.within:
        return
    parent = site.parent
    if entry.name not in _CONTROL:
        # A loop or a condition stands for its children.
        while parent is not None and parent.name in _CONTROL:
            above = parent.node.parent
            parent = None if above is None else parent.ast.element(above)
    if parent is None or (parent.name not in entry.within and not _misspelt(parent, entry.within, context)):
        homes = " or ".join(f"<{n}>" for n in entry.within)
        context.report("MISPLACED_ELEMENT", f"<{entry.name}> stands only in {homes}", site.element)


def _misspelt(element: Element, names: tuple[str, ...], context: Context) -> bool:
    """Whether an unknown component is near one of ``names``, of which it is told already."""
    return element.name not in context.catalog.components and any(like(element.name, name) for name in names)


@rule("UNEXPECTED_TEXT", on=(COMPONENT, "View"))
def text_has_a_place(site: Site, context: Context) -> None:
    """What: text stands only in components that show it, and not beside the attribute it stands for.

    Why: it would not be shown.  Remedy: wrap it in ``<Text>``, or remove one of the two.
    """
    element, entry = site.element, site.entry
    for text in element.texts():
        if entry is None or entry.content is None:
            holds = element.name == "View" or (entry is not None and entry.children == "components")
            context.report(
                "UNEXPECTED_TEXT",
                f"text has no place in <{element.name}>",
                element,
                text.span,
                hint="wrap it in <Text>…</Text>" if holds else "remove it",
            )
        elif entry.content in element.attributes:
            context.report(
                "UNEXPECTED_TEXT", f"<{element.name}> has both {entry.content!r} and text", element, text.span, hint="keep one of them"
            )


@rule("MISSING_ATTRIBUTE", on=COMPONENT)
def required_props(site: Site, context: Context) -> None:
    """What: a component has the attributes that it cannot do without.

    Why: an ``If`` without condition or an ``Action`` without trigger does nothing.  Remedy: add it.
    """
    element, entry = site.element, site.entry
    assert entry is not None
    for name in (*(p.name for p in entry.props if p.required), *entry.needs):
        if name not in element.attributes:
            report_missing(context, element, (name,), _known(entry, context), f'add {name}="…"')
    for group in entry.one_of:
        given = [name for name in group if name in element.attributes]
        if not given:
            report_missing(context, element, group, _known(entry, context), f'add {group[0]}="…"')
        for extra in given[1:]:
            context.report(
                "INVALID_ATTRIBUTE",
                f"<{entry.name}> has both {given[0]!r} and {extra!r}",
                element,
                element.attributes[extra].span,
                hint="keep one of them",
            )


@rule("UNKNOWN_ATTRIBUTE", "ALIAS", on=COMPONENT)
def component_attributes_are_known(site: Site, context: Context) -> None:
    """What: a component's attributes are those of its catalog entry and those of every component.

    Why: any other does nothing; ``className`` is an older name of ``class``.  Remedy: correct it.
    """
    element, entry = site.element, site.entry
    assert entry is not None
    aliases = context.catalog.aliases
    for name, attribute in element.attributes.items():
        if name in aliases:
            preferred = aliases[name]
            fix = Fix(title=f"change to {preferred}", span=attribute.name_span, replacement=preferred)
            context.report(
                "ALIAS",
                f"{name!r} is read as {preferred!r}",
                element,
                attribute.name_span,
                hint=f"write {preferred}",
                fix=None if preferred in element.attributes else fix,
            )
        elif name == "bind":
            if not entry.bindable:
                message = f"<{entry.name}> takes no 'bind'"
                context.report("UNKNOWN_ATTRIBUTE", message, element, attribute.name_span, hint="it shows no value to edit")
        elif not name.startswith("on:") and prop_of(entry, name, context) is None:
            if name.lower().startswith("on") and len(name) > 2:
                context.report(
                    "UNKNOWN_ATTRIBUTE",
                    f"<{entry.name}> has no attribute {short(name)!r}",
                    element,
                    attribute.name_span,
                    hint='events are written trigger="tool" or on:EVENT="tool"'
                    + (f"; <{entry.name}> has {', '.join(entry.event_names)}" if entry.events else ""),
                )
                continue
            report_unknown(context, element, attribute, _known(entry, context))


def _known(entry: ComponentEntry, context: Context) -> list[str]:
    """The attributes that a component takes, by their preferred names."""
    return [*entry.prop_by_name, *context.catalog.common, *(["bind"] if entry.bindable else [])]


@rule("INVALID_ATTRIBUTE", on=COMPONENT)
def literal_values(site: Site, context: Context) -> None:
    """What: a value without expressions is of the type that the catalog gives.

    Why: a misspelt variant or a number that is none would be ignored.  Remedy: correct the value.
    """
    element, entry = site.element, site.entry
    assert entry is not None
    for name, attribute in element.attributes.items():
        prop = prop_of(entry, name, context)
        if prop is None or attribute.broken or prop.type in ("args", "expression", "tool", "identifier"):
            continue
        if attribute.mode == "text" and attribute.value and not attribute.parts:
            continue  # its expression is missing, and the parser has said so
        span, text = attribute.value_span, attribute.value or ""
        if attribute.mode == "text" and prop.type not in _TEXTS and name != entry.content and _PATH.fullmatch(text.strip()):
            written = f"{{{text.strip()}}}"
            message = f"the value {shown(attribute)} of {name!r} is a text; an expression stands in braces"
            fix = context.rewritten(span, text, written, "make it an expression")
            context.report("INVALID_ATTRIBUTE", message, element, span, hint=f'write {name}="{short(written)}"', fix=fix)
            continue
        problem = _problem(prop, attribute, context)
        if problem:
            context.report("INVALID_ATTRIBUTE", f"the value {shown(attribute)} of {name!r} {problem}", element, span)


def _problem(prop: PropEntry, attribute: Attribute, context: Context) -> str:
    literals = [p for p in attribute.parts if isinstance(p, str)]
    if prop.name == "class" and not all(_CLASS.fullmatch(text) for text in literals):
        return "must be class names: letters, digits, - and _"
    if prop.name == "key":
        return "" if attribute.mode == "expression" or (attribute.value or "").strip() else "needs a value"
    if len(literals) != len(attribute.parts):
        return ""
    try:
        if attribute.value is None:
            absent_value(prop)
        else:
            of_attribute(prop, attribute, context.catalog)
    except ValueError as error:
        return str(error)
    return ""


@rule("MISSING_LABEL", on=COMPONENT, whole=True)
def has_accessible_name(site: Site, context: Context) -> None:
    """What: what a person operates or reads as a value has a name.

    Why: a screen reader says nothing else.  Remedy: add ``label`` or, where none is shown, ``ariaLabel``.
    """
    element, entry = site.element, site.entry
    assert entry is not None
    if not entry.label:
        return
    for name in entry.label:
        attribute = element.get(name)
        if attribute is not None and (attribute.value or "").strip():
            return
    if entry.content in entry.label and next(element.texts(), None) is not None:
        return
    context.report(
        "MISSING_LABEL",
        f"<{entry.name}> has no name for people who cannot see it",
        element,
        hint=f'add {entry.label[0]}="…"' + (' or ariaLabel="…"' if "ariaLabel" in entry.label[1:] else ""),
    )
