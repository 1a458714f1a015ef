"""Whether what a component edits or goes over can be of the type that it needs."""

from __future__ import annotations

from ..ast import Element, Expression
from ..nearest import short
from ..outline import declared_type
from .components import prop_of
from .rule import COMPONENT, Context, Site, rule

# What a component writes that no state of the other types takes.  A text that stands for a number is taken as one.
_TAKES: dict[str, tuple[str, ...]] = {
    "string": ("string", "number", "any"),
    "number": ("number", "any"),
    "boolean": ("boolean", "any"),
    "list": ("list", "frame", "any"),
    "object": ("object", "frame", "any"),
    "any": ("string", "number", "boolean", "list", "object", "frame", "any"),
}
_NO_LIST = ("string", "number", "boolean")


@rule("INVALID_BIND", on=COMPONENT)
def bound_state_takes_it(site: Site, context: Context) -> None:
    """What: a component is bound to a state of a type that takes what it writes.

    Why: every edit would be refused.  Remedy: bind a state of the right type, or change the state's type.
    """
    element, entry = site.element, site.entry
    attribute = element.get("bind")
    if entry is None or entry.bind is None or attribute is None or attribute.broken:
        return
    name, expression = _state_of(attribute.parts)
    state = context.outline.state_by_name.get(name)
    if state is None or expression is None:
        return
    kind = declared_type(state)
    if kind not in _TAKES[entry.bind]:
        context.report(
            "INVALID_BIND",
            f"<{entry.name}> writes {_article(entry.bind)}, and the state {short(name)!r} is {_article(kind)}",
            element,
            expression.span,
            hint=f'declare <State name="{short(name)}" type="{entry.bind}"/>, or bind another state',
        )


@rule("INVALID_ATTRIBUTE", on=COMPONENT)
def lists_are_lists(site: Site, context: Context) -> None:
    """What: where a component needs a list it is not given a state that holds a text, a number or a truth value.

    Why: it would show nothing.  Remedy: give it a list.
    """
    element: Element = site.element
    for name, attribute in element.attributes.items():
        if attribute.broken:
            continue
        loop = element.name == "Iterate" and name in ("items", "over")
        prop = None if loop else prop_of(site.entry, name, context)
        if not loop and (prop is None or prop.type != "list"):
            continue
        state_name, expression = _state_of(attribute.parts)
        state = context.outline.state_by_name.get(state_name)
        if state is None or expression is None or expression.span.end > attribute.value_span.end:
            continue
        kind = declared_type(state)
        if kind in _NO_LIST:
            context.report(
                "INVALID_ATTRIBUTE",
                f"{name!r} takes a list, and the state {short(state_name)!r} is {_article(kind)}",
                element,
                expression.span,
                hint="give it a state of the type list, or an expression that makes one",
            )


def _state_of(parts: tuple[str | Expression, ...]) -> tuple[str, Expression | None]:
    """The state that the only expression is, as in ``$state.name``; else ""."""
    if len(parts) != 1 or not isinstance(parts[0], Expression):
        return "", None
    root, _, name = parts[0].source.strip().partition(".")
    return (name, parts[0]) if root == "$state" else ("", None)


def _article(kind: str) -> str:
    return {"object": "an object", "any": "any value", "boolean": "true or false"}.get(kind, f"a {kind}")
