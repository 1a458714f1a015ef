"""A page of a panel, for tests of what people do there."""

from __future__ import annotations

from typing import Any

from nexus_jupyter import Panel
from nexus_jupyter.protocol import Commit, ErrorInfo, Event, KernelMessage, Redo, Reject, Result, TreeNode, Undo


class Page:
    """Presses and types by the label of a component, and waits for the answer."""

    def __init__(self, panel: Panel, client: str = "page") -> None:
        self.panel = panel
        self.client = client
        self.heard: list[KernelMessage] = []
        self.seq = 0
        self.clock = 1_700_000_000_000.0
        panel.runtime.subscribe(self.heard.extend)

    def nodes(self) -> dict[str, str]:
        """The ids of the components by their label."""
        root = self.panel.runtime.snapshot().result(60).tree.root
        found: dict[str, str] = {}
        todo = [root] if root is not None else []
        while todo:
            node: TreeNode = todo.pop()
            found[str(node.props.get("label"))] = node.id
            todo.extend(node.children)
        return found

    def happen(self, label: str, name: str, **detail: Any) -> int:
        """An event, whose answer is not waited for; its number."""
        self.seq += 1
        node = self.nodes()[label]
        event = Event(
            client=self.client, seq=self.seq, node=node, name=name, detail=detail, clock=self.clock, seed=7, zone="UTC", base=self.panel.rev
        )
        self.panel.runtime.event(event).result(60)
        return self.seq

    def press(self, label: str) -> ErrorInfo | None:
        """Press a button; what was wrong with it."""
        return self.answer(self.happen(label, "press"))

    def type(self, label: str, text: Any, *, after: float = 100.0) -> ErrorInfo | None:
        """Change a field ``after`` milliseconds of the page's clock."""
        self.clock += after
        return self.answer(self.happen(label, "change", value=text))

    def undo(self) -> ErrorInfo | None:
        """Undo from the page."""
        self.seq += 1
        self.panel.runtime.event(Undo(client=self.client, seq=self.seq)).result(60)
        return self.answer(self.seq)

    def redo(self) -> ErrorInfo | None:
        """Redo from the page."""
        self.seq += 1
        self.panel.runtime.event(Redo(client=self.client, seq=self.seq)).result(60)
        return self.answer(self.seq)

    def answer(self, seq: int) -> ErrorInfo | None:
        """The answer to an event that has ended."""
        self.panel.runtime.ask(lambda: None).result(60)
        (answer,) = [m for m in self.heard if isinstance(m, Result | Reject) and (m.client, m.seq) == (self.client, seq)]
        return answer.error

    def last(self) -> Commit:
        """The last commit that it was told of."""
        return [m for m in self.heard if isinstance(m, Commit)][-1]
