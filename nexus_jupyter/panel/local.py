"""What of a panel can run without a kernel, and its program with the rest disabled."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from ..nxml import Program, read
from ..nxml.analysis import Analysis, analyse
from ..nxml.analysis_facts import CodeFacts
from ..nxml.ast import NexusPanelAST
from ..nxml.outline import Outline

# Names of what a kernel has to do, as a reader of the panel understands it.
_REASON = "Needs a running kernel: {uses}. Open the notebook and run its cell."


def unavailable_tools(analysis: Analysis, program: Program) -> dict[str, str]:
    """Tools of the program that need a kernel, each with the reason in words for whoever looks at the panel.

    A tool needs one when it, or a tool that it calls, uses an extension, or may use one that cannot be told.
    """
    if not program.extensions:
        return {}
    names = {extension.alias: extension.name for extension in program.extensions}
    reasons: dict[str, str] = {}
    for tool in program.tools:
        facts = analysis.tools.get(tool.name)
        if facts is None or not (facts.extensions or facts.extensions_all):
            continue
        used = sorted({names.get(alias, alias) for alias, _ in facts.extensions}) or sorted(set(names.values()))
        reasons[tool.name] = _REASON.format(uses=f"it uses {', '.join(used)}")
    return reasons


def local_hooks(ast: NexusPanelAST, analysis: Analysis, program: Program) -> tuple[bool, ...]:
    """Of each lifecycle hook of the document ``ast`` whether it runs without a kernel: by the same rule as a tool."""
    handlers = (analysis.of(element.id) for element in Outline(ast).lifecycles)
    found = [not any(_uses(site.facts, analysis) for site in sites if site.kind == "handler") for sites in handlers]
    return tuple(found) if program.extensions else (True,) * len(found)


def _uses(facts: CodeFacts, analysis: Analysis) -> bool:
    """Whether a handler uses an extension, or may use one that cannot be told, itself or by a tool."""
    called = (analysis.tools.get(name) for name in facts.tools)
    below = any(tool is not None and (tool.extensions or tool.extensions_all) for tool in called)
    return bool(facts.extensions) or facts.extensions_all or facts.tools_all or below


def local_program(source: str, program: Program) -> dict[str, JsonValue]:
    """The program of the document ``source`` as JSON.

    Every control in it that starts a tool of ``unavailable_tools`` is disabled and says why.
    Each lifecycle hook has beside what it declares ``local``: whether it runs without a kernel.
    """
    ast = read(source).ast
    analysis = analyse(ast)
    data: dict[str, Any] = program.model_dump(mode="json")
    for hook, local in zip(data["lifecycle"], local_hooks(ast, analysis, program), strict=True):
        hook["local"] = local
    reasons = unavailable_tools(analysis, program)
    waiting = [data["view"]] if reasons and data["view"] is not None else []
    while waiting:
        node = waiting.pop()
        waiting += node["children"]
        reason = next((reasons[trigger["tool"]] for trigger in node["events"].values() if trigger["tool"] in reasons), None)
        if reason is not None:
            node["props"]["disabled"] = {"kind": "literal", "value": True}
            node["props"]["tooltip"] = {"kind": "literal", "value": reason}
    return data
