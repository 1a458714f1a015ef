"""What a client knows: a graph made of nothing but the messages it got, and a check that none is missing or doubled."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from nexus_jupyter.nog import NOGGraph
from nexus_jupyter.protocol.workspace import FromServer, ServerHello, WorkspacePanel, WorkspaceRevision, WorkspaceSnapshot

_message: TypeAdapter[FromServer] = TypeAdapter(FromServer)


class Mirror:
    def __init__(self) -> None:
        self.hello: ServerHello | None = None
        self.graph: NOGGraph | None = None
        self.panels: dict[str, WorkspacePanel] = {}
        self.snapshots = 0
        self.revisions: list[int] = []
        self.others: list[FromServer] = []

    def take(self, text: str) -> FromServer:
        message = _message.validate_json(text)
        if isinstance(message, ServerHello):
            assert self.hello is None, "hello came twice"
            self.hello = message
        else:
            assert self.hello is not None, "hello comes first"
        if isinstance(message, WorkspaceSnapshot):
            assert self.graph is None or message.graph.revision >= self.graph.revision, "a snapshot of the past"
            self.graph = NOGGraph(message.graph)
            self.panels = {panel.key: panel for panel in message.panels}
            self.snapshots += 1
        elif isinstance(message, WorkspaceRevision):
            assert self.graph is not None, "a revision without a snapshot"
            assert message.revision == self.graph.revision + 1, f"revision {message.revision} after {self.graph.revision}"
            self.graph.apply(message.patch)
            for key in message.ended:
                del self.panels[key]
            self.panels |= {panel.key: panel for panel in message.panels}
            self.revisions.append(message.revision)
        elif not isinstance(message, ServerHello):
            self.others.append(message)
        return message

    def resume(self, topics: tuple[str, ...] = ("graph", "commits", "proposals")) -> str:
        """The message that goes on from here."""
        body: dict[str, Any] = {"kind": "subscribe", "topics": topics}
        if self.graph is not None and self.hello is not None:
            body |= {"epoch": self.hello.epoch, "revision": self.graph.revision}
        return json.dumps(body)


def contents(graph: NOGGraph | None) -> tuple[dict[str, str], dict[str, str]]:
    """A graph without its order, to compare."""
    assert graph is not None
    return (
        {e.id: e.model_dump_json() for e in graph.entities()},
        {r.id: r.model_dump_json() for r in graph.relationships()},
    )
