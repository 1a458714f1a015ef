"""Lifecycle hooks."""

from __future__ import annotations

import re

from ...diagnostics import Fix
from ..ast import Attribute
from ..elements import LIFECYCLES
from ..nearest import short
from ..values import duration, names
from .rule import Context, Site, rule

_NAME = re.compile(r"[^,\s]++")
_BELONGS = {"every": ("interval",), "whenHidden": ("interval",), "of": ("change",), "debounce": ("change",)}


@rule("INVALID_LIFECYCLE", on="Lifecycle")
def lifecycle_is_possible(site: Site, context: Context) -> None:
    """What: ``on`` names a moment; ``interval`` has ``every``, ``change`` has ``of``; each attribute
    belongs to its moment.

    Why: a hook that cannot fire is a mistake.  Remedy: correct it as the message says.
    """
    element = site.element
    on = element.get("on")
    if on is None:
        return
    moment = on.value or ""
    if moment not in LIFECYCLES:
        near = context.nearest(moment, LIFECYCLES)
        context.report(
            "INVALID_LIFECYCLE",
            f"unknown lifecycle {short(moment)!r}" + (f"; did you mean {near!r}?" if near else ""),
            element,
            on.value_span,
            hint=f"moments are {', '.join(LIFECYCLES)}",
            fix=context.corrected(on.value_span, moment, near),
        )
        return
    for moments, needed, example in (("interval", "every", "5s"), ("change", "of", "name")):
        if moment == moments and not element.text(needed).strip():
            context.report(
                "INVALID_LIFECYCLE", f"the lifecycle {moment!r} needs {needed!r}", element, on.value_span, hint=f'add {needed}="{example}"'
            )
    for name, attribute in element.attributes.items():
        if name not in _BELONGS:
            continue
        problem = ""
        if moment not in _BELONGS[name]:
            problem = f"belongs to {' and '.join(_BELONGS[name])}, not to {moment}"
        elif name in ("every", "debounce") and attribute.value:
            try:
                if duration(attribute.value) <= 0:
                    problem = "must be more than zero"
            except ValueError as error:
                problem = str(error)
        elif name == "whenHidden" and attribute.value not in ("pause", "run"):
            problem = "must be pause or run"
        if problem:
            context.report("INVALID_LIFECYCLE", f"{name!r} of the lifecycle {moment!r} {problem}", element, attribute.value_span)


@rule("DUPLICATE_LIFECYCLE", on="NexusPanel")
def mount_and_unmount_once(site: Site, context: Context) -> None:
    """What: ``mount`` and ``unmount`` hooks stand at most once each.

    Why: their order would be left to chance.  Remedy: merge their handlers.
    """
    seen: dict[str, int] = {}
    for element in context.outline.lifecycles:
        moment = element.text("on")
        if moment not in ("mount", "unmount"):
            continue
        if moment in seen:
            context.report(
                "DUPLICATE_LIFECYCLE",
                f"a second hook for {moment!r}; the first is in line {seen[moment]}",
                element,
                hint="merge their handlers",
            )
        else:
            seen[moment] = element.span.line


@rule("UNDEFINED_STATE_REFERENCE", on="Lifecycle", whole=True)
def watched_states_exist(site: Site, context: Context) -> None:
    """What: ``of`` names declared states and computed values.

    Why: nothing else can change.  Remedy: correct the name.
    """
    element = site.element
    of = element.get("of")
    if of is None or not of.value or element.text("on") != "change":
        return
    known = {**context.outline.known_states, **context.outline.known_computed}
    for name in names(of.value):
        if name not in known:
            near = context.nearest(name, known)
            context.report(
                "UNDEFINED_STATE_REFERENCE",
                f"no state or computed value is called {short(name)!r}" + (f"; did you mean {near!r}?" if near else ""),
                element,
                of.value_span,
                fix=_in_list(context, of, name, near),
                hint="" if near else "'of' lists states and computed values by name, separated by commas",
            )
            return  # the place is that of the whole list


def _in_list(context: Context, of: Attribute, name: str, near: str) -> Fix | None:
    """The fix that writes ``near`` for ``name`` in a list of names, where that stands once."""
    value = of.value or ""
    if not near or _NAME.findall(value).count(name) != 1:
        return None
    written = _NAME.sub(lambda found: near if found[0] == name else found[0], value)
    return context.rewritten(of.value_span, value, written, f"change to {near}")
