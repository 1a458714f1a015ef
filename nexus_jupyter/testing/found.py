"""One component as a test finds it on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from ..catalog import ComponentEntry, PropEntry, catalog
from ..panel.wording import to_text
from ..protocol import TreeNode

# What is named for those who do not see, in the order in which the page looks for it.
_PRESSED = ("ariaLabel", "label")
_NAMES: dict[str, tuple[str, ...]] = {
    "Button": _PRESSED,
    "Action": _PRESSED,
    "Input": ("label", "ariaLabel", "placeholder"),
    "Checkbox": ("label", "ariaLabel"),
    "Container": ("ariaLabel", "title"),
    "Metric": ("ariaLabel", "label"),
    "Text": ("ariaLabel", "content"),
    "Layout": ("ariaLabel",),
}
_NAMELESS = {"Input": "Text", "Text": "", "Layout": "", "Metric": ""}
CONTROLS = frozenset({"Button", "Action", "Input", "Checkbox"})


@dataclass(frozen=True, eq=False)
class Found:
    """A component of the view as it was when it was looked for.

    ``node`` is what the page gets of it; ``shown`` is false for what is hidden or folded away.
    """

    node: TreeNode
    shown: bool = True

    @property
    def type(self) -> str:
        """The component's name in the document: ``Button``."""
        return self.node.type

    @property
    def id(self) -> str:
        """The ``id`` that the document gives it, "" without one."""
        return self.text("id")

    @property
    def name(self) -> str:
        """Its accessible name: the label that a reader sees or hears."""
        for prop in _NAMES.get(self.type, ("label", "ariaLabel", "title")):
            if text := self.text(prop):
                return text
        if self.type == "Container":
            return "Details" if self.flag("collapsible") else ""
        return _NAMELESS.get(self.type, self.type)

    @property
    def value(self) -> JsonValue:
        """The present value of the place that it is bound to, None without one."""
        return self.node.value

    @property
    def disabled(self) -> bool:
        """Whether it cannot be used."""
        return self.flag("disabled")

    @property
    def events(self) -> tuple[str, ...]:
        """What of a person's doing the panel listens to."""
        return self.node.events

    @property
    def is_control(self) -> bool:
        """Whether a person can do something with it."""
        return self.type in CONTROLS or (self.type == "Container" and self.flag("collapsible"))

    def prop(self, name: str) -> JsonValue:
        """A property as the page reads it: of the catalog's type, its default else.  None for what the component does not have."""
        entry = _entry(self.type, name)
        return None if entry is None else _coerced(self.node.props.get(name), entry)

    def text(self, name: str) -> str:
        """A property as text."""
        return to_text(self.prop(name))

    def flag(self, name: str) -> bool:
        """A property as yes or no."""
        return self.prop(name) is True

    def __str__(self) -> str:
        named = f" {self.name!r}" if self.name else ""
        return f"{self.type}{named}"

    def __repr__(self) -> str:
        return f"<{self}{' (disabled)' if self.disabled else ''}>"


def _entry(type: str, name: str) -> PropEntry | None:
    known = catalog()
    component: ComponentEntry | None = known.components.get(type)
    own = component.prop_by_name.get(name) if component is not None else None
    return own or known.common.get(name)


def _coerced(value: JsonValue, entry: PropEntry) -> JsonValue:
    """What the renderer makes of a value from the sandbox (``js/render/props.ts``)."""
    if value is None:
        return entry.default
    if entry.type == "boolean":
        return value not in ("", "false") if isinstance(value, str) else _truthy(value)
    if entry.type == "string":
        return to_text(value)
    if entry.type == "enum":
        return value if value in entry.enum else entry.default
    if entry.type == "duration":
        return _milliseconds(value, entry.default)
    if entry.type == "list":
        return value if isinstance(value, list) else entry.default
    if entry.type == "object":
        return value if isinstance(value, dict) else entry.default
    return value


def _truthy(value: JsonValue) -> bool:
    return isinstance(value, (list, dict)) or bool(value)


def _milliseconds(value: Any, default: JsonValue) -> JsonValue:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str):
        number, scale = (value.strip().removesuffix("ms"), 1) if value.strip().endswith("ms") else (value.strip().removesuffix("s"), 1000)
        scale = 1 if value.strip() == number else scale
        try:
            return max(0.0, float(number) * scale)
        except ValueError:
            return default
    return default


def walk(node: TreeNode, folded: frozenset[str] = frozenset(), *, shown: bool = True) -> Iterator[Found]:
    """All components of a view in the order of the document; what is in a folded or hidden one is not shown."""
    here = Found(node, shown)
    here = Found(node, shown and not here.flag("hidden"))
    yield here
    for child in node.children:
        yield from walk(child, folded, shown=here.shown and node.id not in folded)
