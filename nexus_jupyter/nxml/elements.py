"""The elements outside the view: their attributes, in canonical order, and what may stand in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AttributeKind = Literal[
    "text", "identifier", "dotted", "type", "number", "boolean", "choice", "names", "duration", "size", "capabilities", "expression"
]


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """What an attribute's value must be; ``choices`` for the kind ``choice``."""

    name: str
    kind: AttributeKind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ElementRule:
    """One element: its attributes, and the elements that may stand in it.

    ``text``: it holds raw text.  ``open``: further attributes are named elsewhere (an extension's options).
    """

    name: str
    attributes: tuple[AttributeRule, ...] = ()
    children: tuple[str, ...] = ()
    text: bool = False
    open: bool = False

    def attribute(self, name: str) -> AttributeRule | None:
        """The rule of an attribute, or None."""
        return next((a for a in self.attributes if a.name == name), None)


def _texts(*names: str) -> tuple[AttributeRule, ...]:
    return tuple(AttributeRule(n) for n in names)


_NAME = AttributeRule("name", "identifier", required=True)
_TYPE = AttributeRule("type", "type", required=True)
_DESCRIPTION = AttributeRule("description")
_ENUM = AttributeRule("enum", "names")
_MIN, _MAX, _STEP = (AttributeRule(n, "number") for n in ("min", "max", "step"))

LIFECYCLES = ("mount", "unmount", "interval", "change", "error")

ELEMENTS: dict[str, ElementRule] = {
    rule.name: rule
    for rule in (
        ElementRule(
            "NexusPanel",
            (*_texts("id", "title", "version", "description", "author"), AttributeRule("tags", "names"), AttributeRule("icon")),
            ("Data", "Logic", "View"),
        ),
        ElementRule("Data", (), ("State", "Computed")),
        ElementRule("Logic", (), ("Extension", "Tool", "Lifecycle")),
        ElementRule("View"),
        ElementRule(
            "State",
            (
                _NAME,
                _TYPE,
                AttributeRule("default"),
                _DESCRIPTION,
                _MIN,
                _MAX,
                _STEP,
                _ENUM,
                AttributeRule("pattern"),
                AttributeRule("persist", "choice", choices=("none", "notebook", "workspace")),
            ),
            text=True,
        ),
        ElementRule("Computed", (_NAME, AttributeRule("value", "expression"), AttributeRule("type", "type"), _DESCRIPTION), text=True),
        ElementRule(
            "Extension",
            (AttributeRule("name", "dotted", required=True), AttributeRule("alias", "identifier"), AttributeRule("reason")),
            open=True,
        ),
        ElementRule(
            "Tool",
            (
                _NAME,
                _DESCRIPTION,
                AttributeRule("icon"),
                AttributeRule("confirm"),
                AttributeRule("concurrency", "choice", choices=("queue", "latest", "drop", "parallel")),
                AttributeRule("ai", "choice", choices=("ask", "allow", "deny")),
            ),
            ("Arg", "Handler"),
        ),
        ElementRule(
            "Arg",
            (_NAME, _TYPE, AttributeRule("required", "boolean"), AttributeRule("default"), _DESCRIPTION, _ENUM, _MIN, _MAX),
        ),
        ElementRule(
            "Handler",
            (
                AttributeRule("timeout", "duration"),
                AttributeRule("memory", "size"),
                AttributeRule("capabilities", "capabilities"),
                AttributeRule("atomic", "boolean"),
            ),
            text=True,
        ),
        # The lifecycle rule checks these values, so that INVALID_LIFECYCLE stands alone.
        ElementRule("Lifecycle", (AttributeRule("on", required=True), *_texts("every", "of", "debounce", "whenHidden")), ("Handler",)),
    )
}
