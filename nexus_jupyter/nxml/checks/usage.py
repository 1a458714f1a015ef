"""Declarations that nothing uses.

A panel is used from Python and by AI as well, and by whoever reads its text: only what surely does nothing is
pointed out.
"""

from __future__ import annotations

from ..ast import Element
from ..nearest import short
from ..outline import alias_of
from ..values import identifier_problem, names
from .rule import Context, Site, rule


@rule("UNUSED_STATE", on="NexusPanel", whole=True)
def states_are_used(site: Site, context: Context) -> None:
    """What: in a panel with a view, some code, place or hook speaks of each state.

    Why: a state that nothing in the panel touches is often left over or misspelt.  A panel without a view may hold
    states for Python alone.  Remedy: use it, or remove it.
    """
    outline, analysis = context.outline, context.analysis
    if outline.view is None:
        return
    used: set[str] = set()
    for piece in analysis.sites:
        facts = piece.facts
        if facts.broken or facts.reads_all or facts.writes_all:
            return  # it may be any of them
        used.update(facts.reads, facts.writes)
    for hook in outline.lifecycles:
        used.update(names(hook.text("of")))
    if used <= outline.known_states.keys() | outline.known_computed.keys():  # else a misspelt name may be meant
        _report("UNUSED_STATE", "state", [e for e in outline.states if e.text("name") not in used], context)


@rule("UNUSED_TOOL", on="NexusPanel", whole=True)
def tools_are_used(site: Site, context: Context) -> None:
    """What: in a panel with a view, each tool is called by the view or by code, or says what it does.

    Why: a tool with a description is offered to Python and to AI; one without, or one that AI must not call, and that
    nothing in the panel calls is often left over.  Remedy: trigger it, describe it, or remove it.
    """
    outline, analysis = context.outline, context.analysis
    if outline.view is None:
        return
    used: set[str] = set()
    for piece in analysis.sites:
        if piece.facts.broken or piece.facts.tools_all:
            return
        used.update(piece.facts.tools)
    for node in outline.ast.nodes:
        if node.kind == "element":
            used.update((a.value or "").strip() for a in node.attributes if a.name == "trigger" or a.name.startswith("on:"))
    if used <= {"", *outline.known_tools}:
        left = [e for e in outline.tools if e.text("name") not in used]
        _report("UNUSED_TOOL", "tool", [e for e in left if e.text("ai") == "deny" or not e.text("description").strip()], context)


@rule("UNUSED_EXTENSION", on="NexusPanel", whole=True)
def extensions_are_used(site: Site, context: Context) -> None:
    """What: some handler calls each extension that is declared.

    Why: whoever runs the panel is asked to grant it.  Remedy: remove it.
    """
    used: set[str] = set()
    for piece in context.analysis.sites:
        if piece.facts.broken or piece.facts.extensions_all:
            return
        used.update(alias for alias, _ in piece.facts.extensions)
    if used <= context.outline.known_extensions.keys():
        # of one that the catalog does not have it is told already that there is none
        known = context.catalog.extension
        left = [e for e in context.outline.extensions if alias_of(e) not in used and known(e.text("name")) is not None]
        _report("UNUSED_EXTENSION", "extension", left, context)


def _report(code: str, what: str, elements: list[Element], context: Context) -> None:
    for element in elements:
        name = element.get("name")
        # of a name that cannot be used it is told already that it cannot
        if name is not None and name.value and not identifier_problem(alias_of(element) if what == "extension" else name.value):
            context.report(code, f"nothing uses the {what} {short(name.value)!r}", element, name.value_span, hint="use it, or remove it")
