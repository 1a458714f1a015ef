"""The names that a document declares, as items: states, computed values, arguments, tools."""

from __future__ import annotations

from .completion_item import Completion, CompletionKind, code, item, listed, said
from .cursor_names import Declared


def state(declared: Declared, line: int = 0) -> Completion:
    """A state or computed value."""
    kind: CompletionKind = "computed" if declared.element == "Computed" else "state"
    word = "Expression" if kind == "computed" else "Default"
    return item(declared.name, kind, said(declared.type), *_about(declared, word), f"Declared in line {line}." if line else "")


def argument(declared: Declared) -> Completion:
    """An argument of a tool."""
    kind = said(declared.type)
    detail = f"{kind}, optional" if declared.optional else kind
    return item(declared.name, "argument", detail, *_about(declared, "Default"))


def _about(declared: Declared, word: str) -> tuple[str, ...]:
    rules = [f"{n} {code(declared.attributes[n])}" for n in ("min", "max", "step", "pattern") if n in declared.attributes]
    choices = ", ".join(code(c) for c in declared.choices[:20])
    facts = (f"{word}: {code(declared.value)}" if declared.value else "", f"one of {choices}" if choices else "", *rules)
    text = "; ".join(f for f in facts if f)
    return said(declared.attributes.get("description", "")), f"{text[0].upper()}{text[1:]}." if text else ""


def tool(declared: Declared, line: int = 0) -> Completion:
    """A tool, with its signature."""
    arguments = [argument(a) for a in declared.arguments]
    signature = ", ".join(f"{a.name}?" if a.optional else a.name for a in declared.arguments)
    lines = [": ".join(filter(None, (f"`{a.label}` ({a.detail})", a.documentation.replace("\n\n", " ")))) for a in arguments]
    return item(
        declared.name,
        "tool",
        f"{declared.name}({signature})",
        said(declared.attributes.get("description", "")),
        listed(lines),
        f"Declared in line {line}." if line else "",
    )
