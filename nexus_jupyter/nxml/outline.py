"""What a document declares, gathered once for the checks and for the compiler."""

from __future__ import annotations

from functools import cached_property
from itertools import islice

from .ast import Element, NexusPanelAST
from .defaults import value_type
from .elements import ELEMENTS
from .nearest import like

# Of an element with more attributes nobody asks which of them is misspelt.
_LOOKED_AT = 16
_SECTIONS = ("Data", "Logic")


class Outline:
    """The declarations of a document, in document order.

    ``states`` and the like hold what stands in its proper place; the ``known_*`` names count every
    declaration wherever it stands, also one that is misspelt, so that a misplaced one is reported once and not at each use.
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

    @cached_property
    def _everywhere(self) -> dict[str, list[Element]]:
        """All declarations, wherever they stand."""
        found: dict[str, list[Element]] = {"State": [], "Computed": [], "Tool": [], "Extension": []}
        for node in self.ast.nodes:
            if node.kind != "element":
                continue
            name = node.name
            if name not in ELEMENTS and node.parent is not None and self.ast.element(node.parent).name in _SECTIONS:
                name = next((n for n in found if n[0] == name[0].upper() and like(name, n)), name)
            if name in found:
                found[name].append(Element(self.ast, node))
        return found

    def _names(self, name: str) -> dict[str, None]:
        return dict.fromkeys(_name_of(element) for element in self._everywhere[name])

    @cached_property
    def known_states(self) -> dict[str, None]:
        """The names of all states, as an ordered set."""
        return self._names("State")

    @cached_property
    def known_computed(self) -> dict[str, None]:
        """The names of all computed values, as an ordered set."""
        return self._names("Computed")

    @cached_property
    def known_tools(self) -> dict[str, None]:
        """The names of all tools, as an ordered set."""
        return self._names("Tool")

    @cached_property
    def known_extensions(self) -> dict[str, str]:
        """The names of all extensions by their aliases; of equal aliases the first counts."""
        found: dict[str, str] = {}
        for element in self._everywhere["Extension"]:
            found.setdefault(alias_of(element), element.text("name"))
        return found

    @cached_property
    def state_by_name(self) -> dict[str, Element]:
        """The states by name; of equal names the first counts."""
        found: dict[str, Element] = {}
        for element in self.states:
            found.setdefault(element.text("name"), element)
        return found

    @cached_property
    def tool_by_name(self) -> dict[str, Element]:
        """The tools by name; of equal names the first counts."""
        found: dict[str, Element] = {}
        for element in self.tools:
            found.setdefault(element.text("name"), element)
        return found


def _name_of(element: Element) -> str:
    """The name that an element declares, also when that attribute's own name is misspelt."""
    if "name" in element.attributes:
        return element.text("name")
    return next((a.value or "" for name, a in islice(element.attributes.items(), _LOOKED_AT) if like(name, "name")), "")


def alias_of(extension: Element) -> str:
    """The name by which handlers call an extension: its ``alias``, else the last segment of its name."""
    return extension.text("alias") or extension.text("name").rpartition(".")[2]


def declared_type(element: Element) -> str:
    """The type that a ``State``, ``Arg`` or ``Computed`` declares; ``any`` when it is absent or wrong."""
    return value_type(element.text("type")) or "any"
