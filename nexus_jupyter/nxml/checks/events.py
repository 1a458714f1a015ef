"""What ties a view to its data and tools: triggers, bound places, names of elements."""

from __future__ import annotations

from ..ast import Attribute, Element, Expression
from ..nearest import short
from ..place import read_place
from .references import left_loop
from .rule import COMPONENT, UNKNOWN, Context, Site, rule


@rule("UNDEFINED_TOOL_REFERENCE", on=(COMPONENT, UNKNOWN), whole=True)
def triggered_tools_exist(site: Site, context: Context) -> None:
    """What: ``trigger`` and ``on:EVENT`` name declared tools.

    Why: nothing else can be called.  Remedy: correct the name, or declare the tool.
    """
    for name, attribute in site.element.attributes.items():
        if name == "trigger" or name.startswith("on:"):
            _check_tool(site.element, attribute, context)


def _check_tool(element: Element, attribute: Attribute, context: Context) -> None:
    tool = (attribute.value or "").strip()
    known = context.outline.known_tools
    if tool in known:
        return
    near = context.nearest(tool, known)
    what = f"no tool is called {short(tool)!r}" if tool else f"{attribute.name!r} names no tool"
    context.report(
        "UNDEFINED_TOOL_REFERENCE",
        what + (f"; did you mean {near!r}?" if near else ""),
        element,
        attribute.value_span,
        hint="" if near else 'declare it in <Logic>: <Tool name="…">',
        fix=context.corrected(attribute.value_span, attribute.value, near),
    )


@rule("UNKNOWN_ATTRIBUTE", on=COMPONENT)
def events_exist(site: Site, context: Context) -> None:
    """What: ``on:EVENT`` names an event of the component's catalog entry; ``args`` goes with one, ``trigger`` with a
    component that has one.

    Why: any other never happens.  Remedy: correct the event.
    """
    element, entry = site.element, site.entry
    assert entry is not None
    trigger = element.get("trigger")
    calls = trigger is not None
    if trigger is not None and entry.main is None:
        context.report(
            "UNKNOWN_ATTRIBUTE",
            f"<{entry.name}> never calls its trigger: it is nothing that a person operates",
            element,
            trigger.name_span,
            hint="put it on a <Button>",
        )
    for name, attribute in element.attributes.items():
        if not name.startswith("on:"):
            continue
        calls = True
        event = name[3:]
        if event not in entry.event_names:
            meant = "press" if event == "click" else ""
            near = meant if meant in entry.event_names else context.nearest(event, entry.event_names)
            events = f"its events are {', '.join(entry.event_names)}" if entry.events else "it has no events"
            context.report(
                "UNKNOWN_ATTRIBUTE",
                f"<{entry.name}> has no event {short(event)!r}" + (f"; did you mean {near!r}?" if near else ""),
                element,
                attribute.name_span,
                hint=events,
                fix=context.corrected(attribute.name_span, name, f"on:{near}" if near and f"on:{near}" not in element.attributes else ""),
            )
    args = element.get("args")
    if args is not None and not calls:
        context.report("UNKNOWN_ATTRIBUTE", "'args' has no meaning without 'trigger'", element, args.name_span, hint='add trigger="…"')


@rule("INVALID_BIND", "UNDEFINED_STATE_REFERENCE", "INVALID_SCOPE_REFERENCE", on=(COMPONENT, UNKNOWN), whole=True)
def bound_place_exists(site: Site, context: Context) -> None:
    """What: ``bind`` is a place that can be written: ``$state`` or ``$scope``, then ``.name`` or ``[key]``,
    starting from a declared state or a loop variable.

    Why: an edit must have somewhere to go.  Remedy: bind a state; show a computed value with ``value``.
    """
    element = site.element
    attribute = element.get("bind")
    if attribute is None or attribute.broken:
        return
    expression = next((p for p in attribute.parts if isinstance(p, Expression)), None)
    hint = "write $state.name, $state.name.part or $state.name[key]"
    if expression is None:
        context.report("INVALID_BIND", "'bind' names no place", element, attribute.span, hint=hint)
        return
    try:
        place = read_place(expression)
    except ValueError as error:
        context.report("INVALID_BIND", f"{short(expression.source)!r} is no place to bind to: {error}", element, expression.span, hint=hint)
        return
    name = place.name
    if name is None:
        return
    if place.root == "$scope":
        known = list(site.scope.all_names()) if site.scope else []
        if name not in known:
            left = left_loop(element, name)
            near = "" if left else context.nearest(name, known)
            context.report(
                "INVALID_SCOPE_REFERENCE",
                f"unknown loop variable $scope.{short(name)}" + (f"; did you mean {near}?" if near else ""),
                element,
                place.first,
                fix=context.corrected(place.first, name, near),
                hint=left or ("" if near else "$scope holds the variables of the enclosing <Iterate>"),
            )
    elif name in context.outline.known_computed and name not in context.outline.known_states:
        context.report(
            "INVALID_BIND",
            f"{short(name)!r} is a computed value and cannot be written",
            element,
            place.first,
            hint="bind a state it depends on",
        )
    elif name not in context.outline.known_states:
        near = context.nearest(name, context.outline.known_states)
        context.report(
            "UNDEFINED_STATE_REFERENCE",
            f"unknown state $state.{short(name)}" + (f"; did you mean {near}?" if near else ""),
            element,
            place.first,
            hint="" if near else 'declare it in <Data>: <State name="…" type="…"/>',
            fix=context.corrected(place.first, name, near),
        )


@rule("DUPLICATE_VIEW_ID", on=(COMPONENT, UNKNOWN))
def ids_are_unique(site: Site, context: Context) -> None:
    """What: an ``id`` names one element; inside ``Iterate`` it contains an expression.

    Why: handlers and AI find an element by it.  Remedy: choose another, or add ``{$scope.…}`` to it.
    """
    attribute = site.element.get("id")
    if attribute is None or attribute.value is None or attribute.broken:
        return
    if any(isinstance(part, Expression) for part in attribute.parts):
        return
    name = attribute.value
    if site.scope is not None:
        context.report(
            "DUPLICATE_VIEW_ID",
            f"the id {short(name)!r} would be the same for every item of the loop",
            site.element,
            attribute.value_span,
            hint=f"add an expression that tells the items apart, such as {{$scope.{short(site.scope.names[0])}.id}}",
        )
    elif name in context.view_ids:
        context.report(
            "DUPLICATE_VIEW_ID",
            f"the id {short(name)!r} is used twice; first in line {context.view_ids[name]}",
            site.element,
            attribute.value_span,
            hint="choose another",
        )
    else:
        context.view_ids[name] = site.element.span.line
