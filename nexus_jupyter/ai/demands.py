"""What a document demands beyond computing on its own state, and how two documents differ in it."""

from __future__ import annotations

from pydantic import JsonValue

from ..catalog import catalog
from ..nxml import Program
from ..nxml.program import ExtensionDeclaration, Handler, ToolDeclaration
from ..protocol.proposal import CapabilityChange


def capability_changes(before: Program, after: Program) -> tuple[CapabilityChange, ...]:
    """Every difference in extensions, their options, handlers' capabilities, confirmations and leave for AI.

    What is dangerous comes first; ``dangerous`` follows the catalog, and marks what takes a question away
    from the person: a dropped ``confirm``, a tool that an AI may newly call unasked.
    """
    changes = [*_extensions(before, after), *_handlers(before, after), *_tools(before, after)]
    return tuple(sorted(changes, key=lambda change: not change.dangerous))


def _extensions(before: Program, after: Program) -> list[CapabilityChange]:
    old = {e.alias: e for e in before.extensions}
    new = {e.alias: e for e in after.extensions}
    out = []
    for alias in dict.fromkeys((*old, *new)):
        was, now = old.get(alias), new.get(alias)
        if now is None:
            assert was is not None
            out.append(CapabilityChange(kind="removed", alias=alias, extension=was.name, before=_sentence(was)))
        elif was is None:
            out.append(CapabilityChange(kind="added", alias=alias, extension=now.name, after=_sentence(now), dangerous=_dangerous(now)))
        elif (was.name, was.options) != (now.name, now.options):
            out.append(
                CapabilityChange(
                    kind="changed", alias=alias, extension=now.name, before=_sentence(was), after=_sentence(now), dangerous=_dangerous(now)
                )
            )
    return out


def _sentence(extension: ExtensionDeclaration) -> str:
    entry = catalog().extension(extension.name)
    what = entry.description.rstrip(".") if entry else "unknown extension"
    options = ", ".join(f"{name}={_shown(value)}" for name, value in sorted(extension.options.items()))
    return f"{extension.name}: {what}{f' ({options})' if options else ''}."


def _shown(value: JsonValue) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _dangerous(extension: ExtensionDeclaration) -> bool:
    entry = catalog().extension(extension.name)
    if entry is None:
        return True
    for option in entry.options:
        value = extension.options.get(option.name, option.default)
        values = value if isinstance(value, list) else [value]
        if any(str(each).strip() in option.dangerous for each in values):
            return True
    # where a mode says what calls may do, the capabilities beyond it are not asked for
    return not any(option.name == "mode" for option in entry.options) and any(c.dangerous for c in entry.capabilities)


def _places(program: Program) -> dict[str, Handler]:
    """The handlers by a name that a person recognises."""
    out = {f"tool {t.name}": t.handler for t in program.tools}
    return out | {name: lifecycle.handler for name, lifecycle in zip(program.hook_names, program.lifecycle, strict=True)}


def _handlers(before: Program, after: Program) -> list[CapabilityChange]:
    old, new = _places(before), _places(after)
    known = catalog().capabilities_with(e.name for e in after.extensions)
    out = []
    for place, handler in new.items():
        was = old.get(place)
        then = () if was is None else was.capabilities
        now = handler.capabilities
        if (was is not None and then == now) or (was is None and not now):
            continue
        if was is None and not after.extensions:
            continue
        # no list means: whatever the panel's extensions were granted
        gained = set(now or ()) - set(then or ())
        widened = was is not None and then is not None and now is None and bool(after.extensions)
        out.append(
            CapabilityChange(
                kind="added" if was is None else "changed",
                alias=place,
                extension="",
                before="" if was is None else _listed(then),
                after=_listed(now),
                dangerous=widened or any(name not in known or known[name].dangerous for name in gained),
            )
        )
    return out


def _listed(capabilities: tuple[str, ...] | None) -> str:
    if capabilities is None:
        return "May use whatever the panel's extensions are granted."
    return f"May use {', '.join(capabilities)}." if capabilities else "May use no extension."


_LEAVE = {"ask": "An AI may call it after asking.", "allow": "An AI may call it without asking.", "deny": "An AI may not call it."}


def _tools(before: Program, after: Program) -> list[CapabilityChange]:
    out = []
    for tool in after.tools:
        was: ToolDeclaration | None = before.tool(tool.name)
        leave = was.ai if was else "ask"
        if tool.ai != leave:
            out.append(
                CapabilityChange(
                    kind="changed" if was else "added",
                    alias=f"tool {tool.name}",
                    extension="",
                    before=_LEAVE[leave] if was else "",
                    after=_LEAVE[tool.ai],
                    dangerous=tool.ai == "allow",
                )
            )
        if was and was.confirm and was.confirm != tool.confirm:
            out.append(
                CapabilityChange(
                    kind="changed" if tool.confirm else "removed",
                    alias=f"tool {tool.name}",
                    extension="",
                    before=f"Asks before it runs: {was.confirm}",
                    after=f"Asks before it runs: {tool.confirm}" if tool.confirm else "Runs without asking.",
                    dangerous=not tool.confirm,
                )
            )
    return out
