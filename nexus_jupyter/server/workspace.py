"""The workspace: the graphs and panels of all kernels as one, in numbered revisions."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue, ValidationError

from ..errors import NexusError
from ..nog import NOGGraph, diff
from ..nog.store import RevisionStore, StoredRevision, WorkspaceStore
from ..protocol.bridge import (
    BRIDGE_VERSION,
    CallTool,
    KernelCommit,
    KernelDelta,
    KernelRequest,
    KernelSnapshot,
    PanelDocument,
    PanelInfo,
    ReadPanel,
)
from ..protocol.graph import GraphState, NOGPatch
from ..protocol.workspace import FromServer, PanelSource, WorkspaceCommit, WorkspacePanel, WorkspaceRevision, WorkspaceSnapshot
from .bridge.complaints import Complaints
from .bridge.sink import KernelAnswerError, KernelLink, KernelUnavailableError
from .journal import Journal
from .part import MAX_PATH, Part, RefusedError, Slice, check_ends, check_names, check_size, stored_parts

MAX_MESSAGE = 32 * 1024 * 1024
"""Characters of one revision as JSON."""
MAX_PATHS = 100


class UnknownPanelError(NexusError):
    """No live panel has this key."""

    code = "UNKNOWN_PANEL"


@dataclass(frozen=True)
class News:
    """A message for clients; its text is made once for all of them."""

    message: FromServer

    @cached_property
    def text(self) -> str:
        return self.message.model_dump_json()


class Workspace:
    """Implements ``KernelSink``.  Everything on the server's event loop; ``graph`` may be read on any thread.

    A kernel's data is hostile: what breaks a rule is dropped with a line in the log, and a snapshot is asked for.
    """

    def __init__(
        self,
        *,
        store: RevisionStore | None = None,
        log: logging.Logger | None = None,
        name: str = "default",
        keep: int = 1_000,
    ) -> None:
        """Begin with what ``store`` holds (in memory if None).  ``keep``: how many revisions clients can resume over."""
        self.name = name
        log = log if log is not None else logging.getLogger(__name__)
        self._log = Complaints(log)
        self._own = WorkspaceStore() if store is None else None
        self._store: RevisionStore = store if store is not None else self._own  # type: ignore[assignment]
        self._order = itertools.count(1)
        self._parts: dict[str, Part] = {}
        self._refused: set[str] = set()
        self._panels: dict[str, WorkspacePanel] = {}
        self._listeners: list[Callable[[News], None]] = []
        self._version = 0
        self._text: tuple[int, asyncio.Task[str]] | None = None
        self.graph = self._load()
        self._journal = Journal(self._store, log, keep=keep)

    # --- what there is ---------------------------------------------------------------------------

    @property
    def epoch(self) -> str:
        return self._store.epoch

    @property
    def revision(self) -> int:
        return self.graph.revision

    @property
    def kernels(self) -> int:
        """How many kernels are connected."""
        return sum(part.link is not None for part in self._parts.values())

    @property
    def storage_problem(self) -> str:
        """Why revisions are not kept beyond this process, "" if they are."""
        if self._journal.failure:
            return self._journal.failure
        return "" if self._store.persistent else "the store is in memory only"

    def panels(self) -> tuple[WorkspacePanel, ...]:
        """All panels, by notebook and in the order they were made."""
        return tuple(sorted(self._panels.values(), key=lambda panel: panel.notebook))

    def panel(self, key: str) -> WorkspacePanel:
        """The panel of this key.  Raises UnknownPanelError."""
        found = self._panels.get(key)
        if found is None:
            raise UnknownPanelError(f"there is no live panel {key[:40]!r}", hint="Run its cell again, or read the list of panels anew.")
        return found

    def whole(self) -> WorkspaceSnapshot:
        return WorkspaceSnapshot(graph=self.graph.state(), panels=self.panels())

    async def snapshot_text(self) -> tuple[int, str]:
        """The present revision and all of the workspace as JSON, made once for all who ask at the same time."""
        revision = self.revision
        if self._text is None or self._text[0] != self._version or self._text[1].cancelled():
            whole = self.whole()
            self._text = (self._version, asyncio.create_task(asyncio.to_thread(whole.model_dump_json)))
        return revision, await asyncio.shield(self._text[1])

    async def since(self, revision: int, until: int) -> tuple[StoredRevision, ...] | None:
        """The messages of the revisions after ``revision`` up to ``until``, or None if not all are kept."""
        return await self._journal.since(revision, until)

    # --- asking kernels --------------------------------------------------------------------------

    async def request(self, key: str, make: Callable[[str], KernelRequest], *, timeout: float = 30.0) -> JsonValue:
        """Ask the panel's kernel; ``make`` gets the panel's id there.

        Raises UnknownPanelError, KernelUnavailableError, and whatever the kernel answers.
        """
        shown = self.panel(key)
        part = self._parts.get(shown.kernel)
        if part is None or part.link is None:
            raise KernelUnavailableError(
                f"the kernel of {shown.notebook} is not connected", hint="Wait a moment; if it stays so, restart the kernel."
            )
        return await part.link.request(make(shown.panel.id), timeout=timeout)

    async def read(self, key: str) -> PanelSource:
        """A panel and its document's text."""
        shown = self.panel(key)
        value = await self.request(key, lambda panel: ReadPanel(panel=panel))
        try:
            document = PanelDocument.model_validate(value)
        except ValidationError as error:
            raise KernelAnswerError(f"the kernel of {shown.notebook} did not answer with a document.") from error
        if document.panel.id != shown.panel.id:
            raise KernelAnswerError(f"the kernel of {shown.notebook} answered for another panel.")
        return PanelSource(panel=shown.model_copy(update={"panel": document.panel}), source=document.source)

    async def call(self, key: str, tool: str, args: dict[str, JsonValue] | list[JsonValue] | None) -> JsonValue:
        """Run a panel's tool; its value."""
        return await self.request(key, lambda panel: CallTool(panel=panel, tool=tool, args=args))

    # --- news ------------------------------------------------------------------------------------

    def watch(self, listener: Callable[[News], None]) -> Callable[[], None]:
        """Tell ``listener`` of everything that happens, in order; the result ends it."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def subscribe(self, listener: Callable[[FromServer], None]) -> Callable[[], None]:
        """As ``watch``, with the messages alone."""
        return self.watch(lambda news: listener(news.message))

    def publish(self, message: FromServer) -> None:
        """Tell all listeners.  Revisions are published by the workspace alone."""
        self._tell(News(message))

    def _tell(self, news: News) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(news)
            except Exception:
                self._log.exception("nexus: a listener of the workspace failed")

    # --- what kernels say ------------------------------------------------------------------------

    def kernel_snapshot(self, link: KernelLink, snapshot: KernelSnapshot) -> None:
        known = self._parts.get(link.kernel)
        notebook = _place(link)
        try:
            if snapshot.version != BRIDGE_VERSION:
                raise RefusedError(f"its messages are of version {snapshot.version}, this server speaks {BRIDGE_VERSION}")
            part = self._part_of(link, snapshot)
            before = self._shown({notebook, *([known.notebook] if known else [])})
            self._parts[link.kernel] = part
            try:
                self._switch(before, self._shown({notebook, *([known.notebook] if known else [])}))
            except BaseException:
                if known is not None:
                    self._parts[link.kernel] = known
                else:
                    del self._parts[link.kernel]
                raise
        except NexusError as error:
            # asking again would give the same
            self._log.warning("nexus: the graph of kernel %s is not used: %s", link.kernel, error)
            self._refused.add(link.kernel)
        else:
            self._refused.discard(link.kernel)

    def kernel_delta(self, link: KernelLink, delta: KernelDelta) -> None:
        part = self._parts.get(link.kernel)
        if link.kernel in self._refused:
            return
        if part is None or part.link is None:
            self._log.warning("nexus: kernel %s sent a change before its graph", link.kernel)
            link.resync()
            return
        if part.waiting:
            return
        if delta.epoch != part.epoch or delta.revision != part.revision + 1:
            self._resync(part, f"revision {delta.revision} came after {part.revision}")
            return
        try:
            self._apply(part, delta)
        except NexusError as error:
            self._resync(part, str(error))

    def kernel_commit(self, link: KernelLink, commit: KernelCommit) -> None:
        part = self._parts.get(link.kernel)
        info = part.panels.get(commit.panel) if part is not None else None
        if part is None or info is None:
            return  # its panel is not known yet, or no more
        if len(commit.paths) > MAX_PATHS or any(len(path) > MAX_PATH for path in commit.paths) or len(commit.tool or "") > MAX_PATH:
            self._log.warning("nexus: a commit of kernel %s is not used: it is too long", link.kernel)
            return
        info = part.panels[commit.panel] = info.model_copy(update={"rev": commit.rev})
        if not self._is_shown(part):
            return
        key = part.key(commit.panel)
        self._panels[key] = part.shown_panel(info)
        self._version += 1
        self.publish(WorkspaceCommit(panel=key, rev=commit.rev, cause=commit.cause, tool=commit.tool, paths=commit.paths))

    def kernel_renamed(self, link: KernelLink, before: str) -> None:
        part = self._parts.get(link.kernel)
        notebook = _place(link)
        if part is None or part.notebook == notebook:
            return
        places = {part.notebook, notebook}
        shown, old = self._shown(places), part.notebook
        part.notebook = notebook
        try:
            self._switch(shown, self._shown(places))
        except NexusError as error:
            part.notebook = old
            self._log.warning("nexus: kernel %s keeps its place in the graph: %s", link.kernel, error)

    def kernel_gone(self, link: KernelLink) -> None:
        self._refused.discard(link.kernel)
        if link.kernel in self._parts:
            self._forget([link.kernel])

    def settle(self, live_kernels: Iterable[str]) -> None:
        """Drop, as one revision, the stored parts of kernels that are not among ``live_kernels``."""
        live = set(live_kernels)
        self._forget([kernel for kernel, part in self._parts.items() if part.link is None and kernel not in live])

    def close(self) -> None:
        """Write what is left, and end."""
        self._listeners.clear()
        if self._text is not None:
            self._text[1].cancel()
        self._journal.close()
        if self._own is not None:
            self._own.close()

    # --- how it is done --------------------------------------------------------------------------

    def _load(self) -> NOGGraph:
        try:
            return self._replay()
        except (NexusError, ValidationError) as error:
            self._log.error("nexus: the stored graph cannot be used, an empty one takes its place: %s", error)
            self._panels.clear()
            self._parts.clear()
            empty = _empty(self._store.revision)
            self._store.restart(WorkspaceSnapshot(graph=empty.state(), panels=()).model_dump_json())
            return empty

    def _replay(self) -> NOGGraph:
        stored = self._store.load()
        graph = NOGGraph()
        if stored.snapshot is not None:
            whole = WorkspaceSnapshot.model_validate_json(stored.snapshot[1])
            graph = NOGGraph(whole.graph)
            self._panels = {panel.key: panel for panel in whole.panels}
        elif not stored.revisions:
            return _empty(self._store.revision)
        for number, body in stored.revisions:
            message = WorkspaceRevision.model_validate_json(body)
            graph.apply(message.patch)
            if graph.revision != number:
                raise RefusedError(f"revision {number} is stored in the place of {graph.revision}")
            self._take_panels(message)
        for part in stored_parts(graph, self._panels.values()):
            self._parts[part.kernel] = part
        return graph

    def _part_of(self, link: KernelLink, snapshot: KernelSnapshot) -> Part:
        state = snapshot.graph
        check_size(len(state.entities), len(state.relationships), len(snapshot.panels))
        check_names(state.entities)
        graph = NOGGraph(state)
        check_ends(graph, state.relationships)
        known = self._parts.get(link.kernel)
        same = known is not None and known.link is not None and known.epoch == snapshot.epoch
        return Part(
            link.kernel,
            _place(link),
            known.order if same and known is not None else next(self._order),
            link,
            snapshot.epoch,
            state.revision,
            graph,
            _named(snapshot.panels),
        )

    def _apply(self, part: Part, delta: KernelDelta) -> None:
        patch = delta.patch
        check_names(patch.put_entities)
        shown = self._is_shown(part)
        if shown:
            for entity in patch.put_entities:
                if entity.id not in part.graph and f"{part.notebook}#{entity.id}" in self.graph:
                    raise RefusedError(f"{entity.id[:80]!r} would be another notebook's")
        panels = {**part.panels, **_named(delta.panels)}
        for ended in delta.ended:
            panels.pop(ended, None)
        inverse = part.graph.apply(patch)
        try:
            check_size(len(part.graph), len(part.graph.relationships()) if patch.put_relationships else 0, len(panels))
            check_ends(part.graph, patch.put_relationships)
            if shown:
                self._commit(
                    part.shown_patch(patch),
                    [part.shown_panel(panels[info.id]) for info in delta.panels if info.id in panels],
                    [key for ended in delta.ended if (key := part.key(ended)) in self._panels],
                )
        except BaseException:
            part.graph.apply(inverse)
            raise
        part.panels = panels
        part.revision = delta.revision

    def _resync(self, part: Part, reason: str) -> None:
        self._log.warning("nexus: a change of kernel %s is not used: %s", part.kernel, reason)
        part.waiting = True
        if part.link is not None:
            part.link.resync()

    def _forget(self, kernels: list[str]) -> None:
        places = {self._parts[kernel].notebook for kernel in kernels}
        before = self._shown(places)
        for kernel in kernels:
            del self._parts[kernel]
        self._switch(before, self._shown(places))

    def _is_shown(self, part: Part) -> bool:
        return self._newest(part.notebook) is part

    def _newest(self, notebook: str) -> Part | None:
        # while a kernel restarts, two may claim one notebook: the later one counts
        return max((p for p in self._parts.values() if p.notebook == notebook), key=lambda p: p.order, default=None)

    def _shown(self, notebooks: Iterable[str]) -> Slice:
        shown = Slice()
        for notebook in notebooks:
            part = self._newest(notebook)
            if part is not None:
                shown += part.slice()
        return shown

    def _switch(self, before: Slice, after: Slice) -> None:
        """One revision that leads from what some notebooks showed to what they show now."""
        old = {entity.id for entity in before.graph.entities}
        for entity in after.graph.entities:
            if entity.id not in old and entity.id in self.graph:
                raise RefusedError(f"{entity.id[:80]!r} is another notebook's")
        panels = [panel for key, panel in after.panels.items() if before.panels.get(key) != panel]
        self._commit(diff(before.graph, after.graph), panels, [key for key in before.panels if key not in after.panels])

    def _commit(self, patch: NOGPatch, panels: list[WorkspacePanel], ended: list[str]) -> None:
        if not (patch.put_entities or patch.put_relationships or patch.delete_entities or patch.delete_relationships or panels or ended):
            return
        number = self.graph.revision + 1
        message = WorkspaceRevision(revision=number, patch=patch, panels=tuple(panels), ended=tuple(ended))
        news = News(message)
        try:
            size = len(news.text)
        except ValueError as error:  # too deep, or text that is no Unicode
            raise RefusedError(f"it cannot be written as JSON: {type(error).__name__}") from error
        if size > MAX_MESSAGE:
            raise RefusedError(f"a change of {size} characters, {MAX_MESSAGE} are allowed")
        self.graph.apply(patch)
        self._version += 1
        self._take_panels(message)
        self._journal.record(number, news.text, self.whole().model_dump_json if self._journal.due(number) else None)
        self._tell(news)

    def _take_panels(self, message: WorkspaceRevision) -> None:
        for key in message.ended:
            self._panels.pop(key, None)
        for panel in message.panels:
            self._panels[panel.key] = panel


def _empty(revision: int) -> NOGGraph:
    return NOGGraph(GraphState(revision=revision))


def _place(link: KernelLink) -> str:
    """Where a kernel's entities stand; one that was started without a notebook stands for itself."""
    return link.notebook or f"kernel:{link.kernel}"


def _named(panels: Iterable[PanelInfo]) -> dict[str, PanelInfo]:
    return {panel.id: panel for panel in panels}
