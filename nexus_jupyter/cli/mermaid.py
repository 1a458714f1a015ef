"""A graph as a Mermaid flowchart."""

from __future__ import annotations

from ..protocol.graph import GraphState, NOGEntity

_LONGEST = 80
# Shapes that tell the types apart without colours.
_SHAPES = {
    "notebook": ("[(", ")]"),
    "cell": ("[[", "]]"),
    "python_name": (">", "]"),
    "panel": ("[", "]"),
    "state": ("([", "])"),
    "computed": ("(", ")"),
    "tool": ("{{", "}}"),
    "lifecycle": ("[/", "/]"),
    "component": ("[", "]"),
    "extension": ("[\\", "\\]"),
}


def mermaid(state: GraphState) -> str:
    """The text of a flowchart.  Names are data: no character of one means anything to Mermaid or to a page."""
    numbers = {entity.id: f"n{number}" for number, entity in enumerate(state.entities)}
    lines = ["flowchart LR", *(f"  {numbers[e.id]}{_label(e)}" for e in state.entities)]
    for relationship in state.relationships:
        arrow = "-.->" if relationship.type == "contains" else "-->"
        lines.append(f"  {numbers[relationship.source]} {arrow}|{relationship.type}| {numbers[relationship.target]}")
    return "\n".join(lines) + "\n"


def _label(entity: NOGEntity) -> str:
    opening, closing = _SHAPES[entity.type]
    kind = entity.type.replace("_", " ")
    name = _quoted(entity.name)
    return f'{opening}"{kind}: {name}"{closing}' if name and entity.name != entity.type else f'{opening}"{kind}"{closing}'


def _quoted(name: str) -> str:
    """``name`` with everything but letters, digits and spaces between them as Mermaid's character codes."""
    cut = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
    words = " ".join(cut.split())
    return "".join(c if c == " " or (c.isalnum() and c.isprintable()) else f"#{ord(c)};" for c in words)
