"""A panel's view as plain HTML, for viewers that run nothing: no script, no style, no attribute that they would strip."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from ..diagnostics import visible
from ..panel.wording import changed_by, formatted, to_text
from ..protocol import TreeNode

# Bytes of HTML for all that is shown, and characters of one component; the rest of a long view is not for a notebook.
ROOM = 800
LONGEST = 120

_HEADINGS = ("h1", "h2", "h3", "h4")
_CLOSING = "Saved view of a panel. Run the cell to use it."


class _Picture:
    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.room = ROOM
        self.cut = False

    def lines(self, node: TreeNode) -> Iterator[str]:
        """HTML without line breaks, one text for each line below each other."""
        if node.props.get("hidden") is True:
            return
        words = _line(self._words(node))
        if words:
            strong = node.type == "Container" or node.props.get("variant") in _HEADINGS
            line = _strong(words) if strong else _escaped(words)
            self.room -= len(f"<br>{line}".encode("utf-8", "surrogatepass"))
            if self.room < 0:
                self.cut = True
                return
            yield line
        if node.type == "Layout" and node.props.get("strategy") in ("row", "grid"):
            beside = [line for child in self._children(node) for line in self.lines(child)]
            if beside:
                yield " · ".join(beside)
            return
        for child in self._children(node):
            yield from self.lines(child)

    def _children(self, node: TreeNode) -> Iterator[TreeNode]:
        for child in node.children:
            if self.cut:
                return
            yield child

    def _words(self, node: TreeNode) -> str:
        props = node.props
        label = to_text(props.get("label"))
        if node.type == "Text":
            return formatted(props.get("content"), props, self.zone, group=False)
        if node.type == "Metric":
            return _named(label, self._metric(props))
        if node.type in ("Button", "Action"):
            return f"[{label or to_text(props.get('ariaLabel')) or node.type}]"
        if node.type == "Checkbox":
            return f"{'☑' if node.value is True else '☐'} {label or to_text(props.get('ariaLabel'))}".rstrip()
        if node.type == "Input":
            value = to_text(node.value)
            shown = "•" * min(len(value), 8) if is_secret(node) else value
            return _named(label or to_text(props.get("ariaLabel")), shown)
        return to_text(props.get("title")) if node.type == "Container" else ""

    def _metric(self, props: Mapping[str, JsonValue]) -> str:
        value = formatted(props.get("value"), props, self.zone, group=True) or "–"
        change = changed_by(props.get("delta"), props)
        return " ".join(part for part in (value, to_text(props.get("unit")), f"({change})" if change else "") if part)


def is_secret(node: TreeNode) -> bool:
    """Whether what stands in a field is not to be read by whoever looks."""
    return node.type == "Input" and node.props.get("inputType") == "password"


def picture(title: str, root: TreeNode, zone: str) -> str:
    """The view with its title above it; the same bytes for the same view.  ``zone``: of the times in it."""
    drawing = _Picture(zone)
    heading = _strong(_line(title))
    lines = [line for line in drawing.lines(root) if line != heading]
    if drawing.cut:
        lines.append("…")
    return f"<p>{'<br>'.join([heading, *lines])}</p><p><i>{_CLOSING}</i></p>"


def _named(label: str, value: str) -> str:
    return f"{label}: {value or '–'}" if label else value


def _line(text: str) -> str:
    line = visible(" ".join(text[: LONGEST * 4].split()))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _strong(line: str) -> str:
    return f"<b>{_escaped(line)}</b>"


def _escaped(line: str) -> str:
    return html.escape(line, quote=False)
