"""What a notebook keeps of a panel, for when no kernel has it."""

from __future__ import annotations

import json

from pydantic import JsonValue

from ..diagnostics import visible
from ..panel.panel import Panel
from ..protocol import Snapshot, Tree, TreeNode
from ..protocol.output import OUTPUT_MIME, PanelOutput
from .picture import is_secret, picture
from .visitors import serves_visitors

# Bytes of a state that is kept in a notebook, as notebooks write it: with a line for each value.
STATE_BYTES = 600
_INDENT = 8


# Components of a view that is kept as it is when the notebook is saved; a longer one stays as it was when its cell ran.
SHORT = 500


def is_short(tree: Tree) -> bool:
    """Whether the view has few enough components to be resolved anew whenever it has changed."""
    waiting = [] if tree.root is None else [tree.root]
    count = 0
    while waiting and count <= SHORT:
        count += 1
        waiting += waiting.pop().children
    return count <= SHORT


def kept(panel: Panel, snapshot: Snapshot, state: dict[str, JsonValue] | None) -> dict[str, JsonValue]:
    """What is shown of ``panel`` where no kernel has it, by MIME type; the same bytes for the same panel in the same state."""
    root = snapshot.tree.root
    shown: dict[str, JsonValue] = {}
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
    text = json.dumps(state, ensure_ascii=False, indent=1)
    return len(text.encode("utf-8", "surrogatepass")) + _INDENT * text.count("\n")


def _holds_secret(root: TreeNode) -> bool:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if is_secret(node):
            return True
        waiting += node.children
    return False
