"""What a document declares, gathered once for the checks and for the compiler."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from .ast import Element, ElementNode, NexusPanelAST
from .defaults import value_type


class Outline:
    """The declarations of a document, in document order.

    ``states`` and the like hold what stands in its proper place; the ``known_*`` names count every
    declaration wherever it stands, so that a misplaced one is reported once and not at each use.
    """

    def __init__(self, ast: NexusPanelAST) -> None:
        self.ast = ast
        self.panel = ast.panel

    def _in(self, section: str, name: str) -> tuple[Element, ...]:
        if self.panel is None:
            return ()
        return tuple(e for s in self.panel.elements(section) for e in s.elements(name))

    @cached_property
    def states(self) -> tuple[Element, ...]:
        """The ``State`` elements."""
        return self._in("Data", "State")

    @cached_property
    def computed(self) -> tuple[Element, ...]:
        """The ``Computed`` elements."""
        return self._in("Data", "Computed")

    @cached_property
    def extensions(self) -> tuple[Element, ...]:
        """The ``Extension`` elements."""
        return self._in("Logic", "Extension")

    @cached_property
    def tools(self) -> tuple[Element, ...]:
        """The ``Tool`` elements."""
        return self._in("Logic", "Tool")

    @cached_property
    def lifecycles(self) -> tuple[Element, ...]:
        """The ``Lifecycle`` elements."""
        return self._in("Logic", "Lifecycle")

    @cached_property
    def view(self) -> Element | None:
        """The first ``View`` element, or None."""
        return None if self.panel is None else next(self.panel.elements("View"), None)

    def _everywhere(self, name: str) -> Iterator[str]:
        for node in self.ast.nodes:
            if isinstance(node, ElementNode) and node.name == name:
                yield Element(self.ast, node).text("name")

    @cached_property
    def known_states(self) -> dict[str, None]:
        """The names of all states, as an ordered set."""
        return dict.fromkeys(self._everywhere("State"))

    @cached_property
    def known_computed(self) -> dict[str, None]:
        """The names of all computed values, as an ordered set."""
        return dict.fromkeys(self._everywhere("Computed"))

    @cached_property
    def known_tools(self) -> dict[str, None]:
        """The names of all tools, as an ordered set."""
        return dict.fromkeys(self._everywhere("Tool"))


def alias_of(extension: Element) -> str:
    """The name by which handlers call an extension: its ``alias``, else the last segment of its name."""
    return extension.text("alias") or extension.text("name").rpartition(".")[2]


def declared_type(element: Element) -> str:
    """The type that a ``State``, ``Arg`` or ``Computed`` declares; ``any`` when it is absent or wrong."""
    return value_type(element.text("type")) or "any"
