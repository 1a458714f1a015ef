"""What a model is told of a panel and of what surrounds it: a graph around a focus as text within a token limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import NexusError
from ..nxml import Element, NexusPanelAST, read
from .fence import Fence, one_line, shown
from .tokens import EncodingName, count_tokens

if TYPE_CHECKING:
    from ..nog import NOGGraph
    from ..protocol.graph import NOGEntity, NOGRelationship

# Of an entity's properties only these are told; all of them come from documents, none from a panel's state.
_TOLD = ("title", "description", "type", "path", "element", "component", "extension", "alias", "on", "line")
_OUTLINE_ATTRIBUTES = ("id", "name", "type", "title", "label", "trigger", "bind", "on", "alias")
_DEPTH = 6
_FURTHER = "further"


class ContextError(NexusError):
    """No context can be made.  Codes: CONTEXT_TOO_LARGE, NO_FOCUS."""

    code = "CONTEXT_TOO_LARGE"


@dataclass(frozen=True, slots=True)
class Context:
    """``text`` has exactly ``tokens`` tokens; ``left_out`` are sentences about what did not fit."""

    text: str
    tokens: int
    left_out: tuple[str, ...]


class AIContextBuilder:
    """Tells a model about one panel: its document whole, its outline, and of ``graph`` what is nearest.

    ``limit`` is in tokens of ``encoding``.  Values of a panel's state are never part of it.
    """

    def __init__(self, graph: NOGGraph, *, limit: int = 8_000, encoding: EncodingName = "o200k_base") -> None:
        self._graph = graph
        self._limit = limit
        self._encoding = encoding

    def build(self, focus: str, source: str) -> Context:
        """The context of the panel entity ``focus``, whose document is ``source``.

        Raises ContextError: the document alone passes the limit (CONTEXT_TOO_LARGE), or the graph has no
        such entity (NO_FOCUS).
        """
        entity = self._graph.get(focus)
        if entity is None:
            raise ContextError("the panel is not in the graph (any more).", hint="Run its cell again.", code="NO_FOCUS")
        document = shown(source)
        outline = _outline(read(source).ast)
        near = self._near(focus)
        fence = Fence([document, *outline, *(line for _, line in near), entity.name, focus])
        head = _Text(fence, one_line(entity.name), document, one_line(focus))
        least = self._count(head.render([], [], len(outline), near))
        if least > self._limit:
            raise ContextError(
                f"the panel's document is too long for the AI: it takes {least:,} tokens, and {self._limit:,} are allowed.",
                hint="Raise the limit of the context, or split the panel.",
            )
        # the outline is nearer than anything else; then the graph, nearest first
        lines = [("", line) for line in outline] + near
        fits, below = 0, len(lines)

        def text_of(size: int) -> str:
            cut = min(size, len(outline))
            return head.render(outline[:cut], near[: size - cut], len(outline) - cut, near[size - cut :])

        # a line takes a token at least
        below = min(below, self._limit - least)
        while fits < below:
            middle = (fits + below + 1) // 2
            if self._count(text_of(middle)) <= self._limit:
                fits = middle
            else:
                below = middle - 1
        text = text_of(fits)
        cut = min(fits, len(outline))
        return Context(text, self._count(text), tuple(_left_out(len(outline) - cut, near[fits - cut :])))

    def _count(self, text: str) -> int:
        return count_tokens(text, self._encoding)

    def _near(self, focus: str) -> list[tuple[str, str]]:
        """Kind and line of every entity and relationship around the focus, nearest first."""
        # never more lines than tokens
        found = self._graph.neighbourhood(focus, _DEPTH, limit=self._limit)
        names = {e.id: e for e in found.entities}
        mine = _panel_of(focus)
        out: list[tuple[int, int, str, str]] = []
        for entity in found.entities:
            if entity.id == focus:
                continue
            depth = found.depths[entity.id]
            own = 0 if _panel_of(entity.id) == mine else 1
            out.append((depth + own, depth, entity.type, _entity_line(entity)))
        for relationship in found.relationships:
            depth = max(found.depths[relationship.source], found.depths[relationship.target])
            own = 0 if _panel_of(relationship.source) == mine == _panel_of(relationship.target) else 1
            out.append((depth + own, depth, "relationship", _relationship_line(relationship, names)))
        out.sort(key=lambda each: each[:2])
        if len(found.entities) < len(self._graph):
            out.append((_DEPTH, _DEPTH, _FURTHER, "And further things, not listed."))
        return [(kind, line) for _, _, kind, line in out]


@dataclass(frozen=True, slots=True)
class _Text:
    fence: Fence
    name: str
    document: str
    focus: str

    def render(self, outline: list[str], near: list[tuple[str, str]], cut_outline: int, cut: list[tuple[str, str]]) -> str:
        block = self.fence.block
        parts = [
            "# The panel and what surrounds it\n",
            self.fence.rule,
            "Characters that cannot be seen are written as ⟨U+…⟩.\n",
            block("document of the panel to change, from the notebook", self.document),
        ]
        if outline:
            parts.append(block("outline of that document: the paths for your edits", "\n".join(outline)))
        if near:
            lines = "\n".join([f"focus: {self.name} ({self.focus})", *(line for _, line in near)])
            parts.append(block("the semantic graph around the panel, nearest first, from the notebooks", lines))
        left = _left_out(cut_outline, cut)
        if left:
            parts.append("Left out for want of room: " + " ".join(left))
        return "\n".join(parts)


def _left_out(outline: int, near: Iterable[tuple[str, str]]) -> list[str]:
    out = []
    if outline:
        out.append(f"{outline} line{'s' if outline > 1 else ''} of the outline.")
    kinds = Counter(kind for kind, _ in near)
    further = kinds.pop(_FURTHER, 0)
    for kind, count in sorted(kinds.items()):
        out.append(f"{count} {kind.replace('_', ' ')}{'' if count == 1 else 's'}.")
    if further:
        out.append("Whatever is further away.")
    return out


def _outline(ast: NexusPanelAST) -> list[str]:
    """A line for every element: its path and the attributes that say what it is."""
    out: list[str] = []
    stack = [ast.panel] if ast.panel is not None else []
    while stack:
        element: Element = stack.pop()
        facts = [f"{name}={one_line(element.text(name), 60)!r}" for name in _OUTLINE_ATTRIBUTES if element.get(name) is not None]
        out.append(" ".join([one_line(ast.path(element.id), 400), *facts]))
        stack += reversed(list(element.elements()))
    return out


def _panel_of(id: str) -> str:
    """The part of an id that names the panel it belongs to: of ``n.ipynb#tool:counter/add`` it is ``n.ipynb#counter``."""
    notebook, _, local = id.rpartition("#")
    _, _, name = local.partition(":")
    return f"{notebook}#{name.split('/', 1)[0]}"


def _entity_line(entity: NOGEntity) -> str:
    facts = []
    for name in _TOLD:
        value = entity.properties.get(name)
        if isinstance(value, str | int | float | bool) and value != "":
            facts.append(f"{name}={one_line(str(value))!r}")
    return " ".join([f"{entity.type} {one_line(entity.name)} ({one_line(entity.id, 200)})", *facts])


def _relationship_line(relationship: NOGRelationship, names: dict[str, NOGEntity]) -> str:
    source, target = names[relationship.source], names[relationship.target]
    return f"{source.type} {one_line(source.name)} {relationship.type} {target.type} {one_line(target.name)}"
