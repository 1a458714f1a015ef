"""How a panel is put below a cell."""

from __future__ import annotations

import html
import threading
from typing import Any

from ..errors import NexusError
from ..panel.mailbox import mailbox
from ..panel.panel import Panel
from .widget import PanelWidget

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"

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
        keep = widget.displayed()
    except NexusError as error:
        return {"text/plain": f"{text} ({error})", "text/html": f"<p>{html.escape(str(error))}</p>"}, {}
    bundle = {"text/plain": text, **keep}
    bundle[WIDGET_MIME] = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    return bundle, {}
