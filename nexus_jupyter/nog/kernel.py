"""The graph of all live panels of this process, and what those who follow it are told.

Nothing is parsed while nobody asks and nobody follows.  A follower gets the whole graph first and then
each change of it, and of the panels' state, in order.
"""

from __future__ import annotations

import itertools
import logging
import os
import secrets
import threading
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import PurePath
from typing import TYPE_CHECKING

from ..nxml import Parser
from ..nxml.schema import tool_schema
from ..panel import registry
from ..panel.worker import Worker
from ..protocol.bridge import KernelDelta, KernelSnapshot, PanelDocument, PanelInfo, ToolInfo
from ..protocol.graph import GraphState, NOGEntity, NOGPatch, NOGRelationship
from . import NOGGraph, diff, map_panel
from .commits import Commits, Told

if TYPE_CHECKING:
    from ..panel.documents import Document
    from ..panel.panel import Panel

logger = logging.getLogger(__name__)

Follower = Callable[[Told], None]


def cell_of(panel: Panel) -> str:
    """The id of the cell whose text is the panel's document, "" if a program made it."""
    return panel.cell.removeprefix("cell-")


def panel_info(panel: Panel) -> PanelInfo:
    """What others may know of ``panel`` without its document's text."""
    return _info(panel, panel.document)


def panel_document(panel: Panel) -> PanelDocument:
    """The same with the text that it belongs to."""
    document = panel.document
    return PanelDocument(panel=_info(panel, document), source=document.source)


def _info(panel: Panel, document: Document) -> PanelInfo:
    program = document.program
    return PanelInfo(
        id=panel.id,
        title=program.title or panel.id,
        description=program.description,
        python_name=panel.name,
        cell=cell_of(panel),
        hash=document.hash,
        edition=document.edition,
        rev=panel.rev,
        has_view=program.view is not None,
        tools=tuple(
            ToolInfo(name=t.name, description=t.description, input_schema=tool_schema(t), confirm=t.confirm, ai=t.ai) for t in program.tools
        ),
    )


@dataclass(frozen=True)
class _Mapped:
    """A panel as it stands in the graph.  It is held weakly: the graph keeps no ended panel alive."""

    panel: weakref.ref[Panel]
    edition: int
    parts: GraphState

    def is_still(self, panel: Panel) -> bool:
        return self.panel() is panel and self.edition == panel.edition


@dataclass(frozen=True)
class _Change:
    """Panels that a revision of the graph made or changed, and those it ended."""

    panels: tuple[PanelInfo, ...] = ()
    ended: tuple[str, ...] = ()


class KernelGraph:
    """The graph of the live panels of this process.  All methods may be called from any thread.

    ``epoch`` tells this process's graph from any other's.
    """

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        self._lock = threading.RLock()
        self._graph = NOGGraph()
        self._mapped: dict[str, _Mapped] = {}
        self._own = GraphState(revision=0)
        self._changes: dict[int, _Change] = {}
        self._patches: deque[tuple[int, NOGPatch]] = deque()
        self._followers: dict[int, tuple[Follower, bool]] = {}  # and whether it was told the whole
        self._keys = itertools.count(1)
        self._worker: Worker | None = None
        self._commits = Commits(self._tell)
        self._ends: list[Callable[[], None]] = []

    @property
    def graph(self) -> NOGGraph:
        """The graph, brought up to date with the panels that are alive now."""
        with self._lock:
            self._sync()
            return self._graph

    def snapshot(self) -> KernelSnapshot:
        """The whole graph and all its panels."""
        with self._lock:
            self._sync()
            panels = [panel for m in self._mapped.values() if (panel := m.panel()) is not None]
            return KernelSnapshot(epoch=self.epoch, graph=self._graph.state(), panels=tuple(map(panel_info, panels)))

    # --- followers --------------------------------------------------------------------------------

    def follow(self, follower: Follower) -> Callable[[], None]:
        """Have ``follower`` told the whole, then every change, in order; gives the way to end it.

        It is called on a thread of the graph's own, mostly, and must not wait.
        """
        key = next(self._keys)
        with self._lock:
            self._followers[key] = (follower, False)
            if self._worker is None:
                self._begin()
            worker = self._worker
        assert worker is not None
        worker.put(partial(self._greet, key))
        return partial(self._unfollow, key)

    def resend(self, follower: Follower) -> None:
        """Have ``follower``, which follows, told the whole again."""
        with self._lock:
            keys = [key for key, (each, _) in self._followers.items() if each == follower]
            if self._worker is not None:
                for key in keys:
                    self._worker.put(partial(self._greet, key))

    def _begin(self) -> None:
        self._worker = worker = Worker("nexus-graph", next_due=self._commits.next_due, on_due=self._commits.send_due)
        self._commits.attach(worker)
        self._ends = [
            registry.subscribe(lambda _: worker.put(self._follow_on)),
            self._graph.subscribe(self._patched),
            self._commits.detach,
        ]

    def _unfollow(self, key: int) -> None:
        with self._lock:
            self._followers.pop(key, None)
            if self._followers or self._worker is None:
                return
            worker, self._worker = self._worker, None
            ends, self._ends = self._ends, []
            for end in ends:
                end()
            self._patches.clear()
            self._changes.clear()
        worker.close(lambda: None, timeout=0.0)  # its last turn may wait for the lock that the caller holds

    def _greet(self, key: int) -> None:
        with self._lock:
            if key not in self._followers:
                return
            follower, _ = self._followers[key]
            snapshot = self.snapshot()
            self._flush()
            self._followers[key] = (follower, True)
            self._call(follower, snapshot)

    def _follow_on(self) -> None:
        with self._lock:
            if self._worker is not None:
                self._sync()
                self._flush()

    def _patched(self, revision: int, patch: NOGPatch) -> None:
        # on the thread of whoever changed the graph, which may hold the graph's own lock: only hand on
        self._patches.append((revision, patch))
        worker = self._worker
        if worker is not None:
            worker.put(self._follow_on)

    def _flush(self) -> None:
        while self._patches:
            revision, patch = self._patches.popleft()
            change = self._changes.pop(revision, _Change())
            self._tell(KernelDelta(epoch=self.epoch, revision=revision, patch=patch, panels=change.panels, ended=change.ended))

    def _tell(self, message: Told) -> None:
        with self._lock:
            for follower, greeted in tuple(self._followers.values()):
                if greeted:
                    self._call(follower, message)

    def _call(self, follower: Follower, message: Told) -> None:
        try:
            follower(message)
        except Exception:
            logger.exception("a follower of the graph failed")

    # --- panels to graph --------------------------------------------------------------------------

    def _sync(self) -> None:
        """Bring the graph up to date with the live panels: one revision, or none if it is."""
        live = registry.panels()
        changed = [p for p in live.values() if (known := self._mapped.get(p.id)) is None or not known.is_still(p)]
        ended = [id for id in self._mapped if id not in live]
        if self._worker is not None:
            self._commits.watch(live.values())
        if self._own.entities and not changed and not ended:
            return
        for id in ended:
            del self._mapped[id]
        for panel in changed:
            self._mapped[panel.id] = self._map(panel)
        self._put(_union([_notebook(), *(m.parts for m in self._mapped.values())]), changed, ended)

    def _put(self, own: GraphState, changed: list[Panel], ended: list[str]) -> None:
        patch, self._own = diff(self._own, own), own
        if self._worker is not None:
            # a panel that was run again unchanged is another one, too: an empty patch is a revision
            self._changes[self._graph.revision + 1] = _Change(tuple(map(panel_info, changed)), tuple(ended))
        try:
            self._graph.apply(patch)
        except Exception:
            # somebody's own changes of the graph stand against ours, which are the truth
            logger.exception("the graph was changed by hand so that it had to be made anew")
            self._graph.replace(own)

    def _map(self, panel: Panel) -> _Mapped:
        document = panel.document
        title = document.program.title or panel.id
        try:
            parts = map_panel(panel.id, Parser(document.source).parse(), python_name=panel.name, cell=cell_of(panel), title=title)
        except Exception:
            logger.exception("the panel %r could not be mapped", panel.id)
            parts = GraphState(revision=0, entities=(NOGEntity(id=f"panel:{panel.id}", type="panel", name=title),))
        facts = {"edition": document.edition, "hash": document.hash}
        entities = tuple(
            e.model_copy(update={"properties": {**e.properties, **facts}}) if e.id == f"panel:{panel.id}" else e for e in parts.entities
        )
        return _Mapped(weakref.ref(panel), document.edition, parts.model_copy(update={"entities": entities}))


def _notebook() -> GraphState:
    path = os.environ.get("JPY_SESSION_NAME", "")
    name = PurePath(path).name
    return GraphState(revision=0, entities=(NOGEntity(id="notebook", type="notebook", name=name, properties={"path": path}),))


def _union(states: list[GraphState]) -> GraphState:
    entities: dict[str, NOGEntity] = {}
    relationships: dict[str, NOGRelationship] = {}
    for state in states:
        for entity in state.entities:
            entities.setdefault(entity.id, entity)  # the first to name it knows it best
        for relationship in state.relationships:
            relationships.setdefault(relationship.id, relationship)
    return GraphState(revision=0, entities=tuple(entities.values()), relationships=tuple(relationships.values()))


@cache
def kernel_graph() -> KernelGraph:
    """The one graph of this process."""
    return KernelGraph()


def graph() -> NOGGraph:
    """The graph of all live panels of this process, up to date; it is the same object each time.

    It follows the panels when it is asked for again.  Works without a server, from any thread.
    """
    return kernel_graph().graph
