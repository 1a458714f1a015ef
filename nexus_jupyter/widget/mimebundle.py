"""How a panel is put below a cell."""

from __future__ import annotations

import html
import json
import threading
from typing import Any

from pydantic import JsonValue

from ..diagnostics import visible
from ..errors import NexusError
from ..panel.mailbox import mailbox
from ..panel.panel import Panel
from ..protocol import Snapshot, TreeNode
from ..protocol.output import OUTPUT_MIME, PanelOutput
from .picture import is_secret, picture
from .visitors import serves_visitors
from .widget import PanelWidget

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
# Bytes of JSON of a state that is kept in a notebook.
STATE_BYTES = 300

# One model a panel, however often it is shown; views of one model share everything in the page.
_widgets: dict[int, PanelWidget] = {}
# A reviewer's preview asks on another thread than a cell.
_lock = threading.Lock()


def widget_of(panel: Panel) -> PanelWidget:
    """The widget of ``panel``, made when first asked for, gone with the panel."""
    with _lock:
        widget = _widgets.get(id(panel))
        if widget is None or widget.comm is None:  # ipywidgets.Widget.close_all() ends models, not panels
            widget = PanelWidget(panel)
            _widgets[id(panel)] = widget
            panel.at_close(lambda: _widgets.pop(id(panel), None))
        return widget


def mimebundle(panel: Panel) -> tuple[dict[str, Any], dict[str, Any]]:
    """The representations of ``panel``: live, as data and as a picture for when it is not, and as text."""
    mailbox.attach()
    text = repr(panel)
    if panel.program.view is None:
        tools = ", ".join(panel.tools) or "none"
        return {"text/plain": f"{text} (no view; tools: {tools})"}, {}
    try:
        widget = widget_of(panel)
        snapshot, state = widget.moment()
    except NexusError as error:
        return {"text/plain": f"{text} ({error})", "text/html": f"<p>{html.escape(str(error))}</p>"}, {}
    bundle = {"text/plain": text, **kept(panel, snapshot, state)}
    bundle[WIDGET_MIME] = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    return bundle, {}


def kept(panel: Panel, snapshot: Snapshot, state: dict[str, JsonValue] | None) -> dict[str, Any]:
    """What is shown of ``panel`` where no kernel has it; the same bytes for the same panel in the same state."""
    root = snapshot.tree.root
    shown: dict[str, Any] = {}
    if root is not None:
        shown["text/html"] = picture(panel.title, root, panel.zone)
    if serves_visitors():
        return shown  # they get what they see, and no state that they do not
    if state is not None and (root is None or _holds_secret(root) or _size(state) > STATE_BYTES):
        state = None
    output = PanelOutput(panel=visible(panel.id), title=visible(panel.title), hash=panel.hash, state=state)
    shown[OUTPUT_MIME] = output.model_dump(mode="json")
    return shown


def _size(state: dict[str, JsonValue]) -> int:
    return len(json.dumps(state, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def _holds_secret(root: TreeNode) -> bool:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if is_secret(node):
            return True
        waiting += node.children
    return False
