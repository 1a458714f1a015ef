"""The anywidget model of one panel: its traits carry what a restored view needs, messages the rest."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import anywidget
import ipywidgets
import traitlets
from pydantic import JsonValue, TypeAdapter, ValidationError

from ..errors import NexusError, PanelClosedError
from ..panel import policy
from ..panel.panel import Panel
from ..protocol import (
    PROTOCOL_VERSION,
    AskBundle,
    AskGuest,
    AskProgram,
    BundleReply,
    Cancel,
    ClientMessage,
    Closed,
    Commit,
    ConfirmAnswer,
    ConsentAnswer,
    Event,
    Hello,
    KernelMessage,
    ModulesReply,
    ProgramReply,
    Progress,
    Redo,
    Result,
    Sight,
    Skip,
    Snapshot,
    Started,
    Undo,
)
from ..protocol.output import AskKept, KeptReply
from ..protocol.packing import compact, pack
from ..sandbox.values import thaw
from .assets import assets
from .discretion import for_visitors
from .kept import is_short, kept
from .visitors import serves_visitors

logger = logging.getLogger(__name__)

_client_message: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
# Seconds that a message's handler waits for the answer.  The kernel says idle when the handler
# returns; an answer after that is one more small frame on the socket, and small frames one by one are
# what a delayed acknowledgement holds back for 40 ms.
ANSWER_WAIT = 0.02
# Seconds that the model's state waits for the present view: a handler may be running.
MOMENT = 0.5
# A program and state of more bytes stay here: the page would pay more for them than it gains.
PROGRAM_BYTES = 2_000_000

_layout_lock = threading.Lock()
_layout: ipywidgets.Layout | None = None


def shared_layout() -> ipywidgets.Layout:
    """The one Layout model of all panels: each of its own would be 2 kB more in every notebook."""
    global _layout
    with _layout_lock:
        if _layout is None or _layout.comm is None:
            _layout = ipywidgets.Layout()
        return _layout


def _snapshot_json(_: object, widget: PanelWidget) -> str | None:
    return widget.snapshot_json()


def _terse(message: KernelMessage) -> dict[str, Any]:
    """The message as a page gets it: of those that often come without what a page takes for granted."""
    if isinstance(message, Snapshot | Commit | Result | Started | Progress):
        return {"kind": message.kind, **message.model_dump(mode="json", exclude_defaults=True)}
    return message.model_dump(mode="json")


class PanelWidget(anywidget.AnyWidget):
    """The model behind every view of one panel.

    The page never writes a trait; it sends messages.  ``_snapshot`` is made afresh whenever a page
    asks for the model's state, so a reloaded page shows the panel as it is.
    """

    _bundle = traitlets.Unicode().tag(sync=True)
    _snapshot = traitlets.Any(None, allow_none=True).tag(sync=True, to_json=_snapshot_json)

    def __init__(self, panel: Panel) -> None:
        self._panel: Panel | None = panel
        self._unsubscribe: Callable[[], None] = lambda: None  # one that could not be made is closed, too
        built = assets()
        self._esm = built.loader
        # views may open from now on: what they show must be there before they ask
        self._unsubscribe = panel.runtime.subscribe(self._publish)
        self._ready = panel.runtime.snapshot().result()
        self._displayed: int | None = None
        super().__init__(_bundle=built.address, layout=shared_layout())
        self.on_msg(PanelWidget._received)
        self._route_anywhere()
        panel.at_close(self._panel_closed)

    # --- kernel to page ---------------------------------------------------------------------------

    def snapshot_json(self) -> str | None:
        """The view as the JSON of a ``Snapshot`` message; as it was last if the panel is busy for longer than a moment.

        It may be saved with the notebook, so it has nothing but the view in it, defaults left out, and is a text: notebooks are
        written with a line for each value.
        """
        panel = self._panel
        if panel is None:
            return None
        if panel.rev != self._ready.rev:
            with contextlib.suppress(NexusError, TimeoutError):
                self._ready = panel.runtime.snapshot().result(MOMENT)
        ready = self._ready
        saved = Snapshot(panel=ready.panel, title=ready.title, rev=ready.rev, document=ready.document, tree=ready.tree)
        return compact(_terse(saved))

    def displayed(self) -> dict[str, JsonValue]:
        """What is put below a cell, as ``kept``."""
        keep = self.kept()
        self._displayed = self._ready.rev
        return keep

    def kept(self) -> dict[str, JsonValue]:
        """What a notebook keeps of the panel as it is now; without its state if the panel is busy for longer than a moment.

        Raises PanelClosedError: it has ended.
        """
        panel = self._panel
        if panel is None:
            raise PanelClosedError("the panel has ended.", hint="Run its cell again.")
        state = None
        with contextlib.suppress(TimeoutError):
            self._ready, frozen = panel.runtime.saved().result(MOMENT)
            state = thaw(frozen)
        return kept(panel, self._ready, state)

    def _publish(self, messages: tuple[KernelMessage, ...]) -> None:
        """Send what one turn of the panel brought, as one comm message; on the panel's thread."""
        if serves_visitors():
            messages = tuple(for_visitors(each) for each in messages)
        self.send({"kind": "batch", "messages": [_terse(each) for each in messages]})

    def _panel_closed(self) -> None:
        self._unsubscribe()
        self._panel = None
        self.close()

    # --- page to kernel ---------------------------------------------------------------------------

    def _received(self, content: Any, buffers: Any) -> None:
        """A message of a page, on whatever thread the kernel chose.  Pages are not trusted."""
        if not isinstance(content, dict) or "kind" not in content or content["kind"] == "anywidget-command":
            return
        try:
            message = _client_message.validate_python(content)
        except (ValidationError, RecursionError):
            logger.warning("a page sent a message of kind %.40r that does not fit the protocol; it was ignored", content.get("kind"))
            return
        try:
            self._handle(message)
        except NexusError as error:
            logger.warning("a page's %s could not be handled: %s", message.kind, error)

    def _handle(self, message: ClientMessage) -> None:
        panel = self._panel
        if isinstance(message, AskBundle):
            built = assets()
            self.send(BundleReply(address=built.address).model_dump(mode="json"), buffers=[built.bundle()])
        elif isinstance(message, AskGuest):
            address, modules = assets().guest()
            self.send(ModulesReply(address=address).model_dump(mode="json"), buffers=list(modules))
        elif panel is None:
            self._publish((Closed(reason="it was closed"),))
        elif isinstance(message, AskKept):
            if is_short(self._ready.tree):  # else each change would make the kernel resolve a long view anew
                self.send(KeptReply(data=self.kept()).model_dump(mode="json"))
        elif isinstance(message, Hello):
            self._hello(panel, message)
        elif isinstance(message, Event | Undo | Redo):
            taken = panel.runtime.event(message)
            with contextlib.suppress(TimeoutError):
                taken.result(ANSWER_WAIT)
        elif isinstance(message, Skip):
            panel.runtime.skip(message)
        elif isinstance(message, AskProgram):
            self._hand_over(panel, message)
        elif isinstance(message, ConsentAnswer):
            self._decided(panel, message)
        elif isinstance(message, ConfirmAnswer):
            panel.runtime.confirm(message)
        elif isinstance(message, Sight):
            panel.runtime.sight(message)
        elif isinstance(message, Cancel):
            panel.runtime.cancel_event(message.client, message.seq)

    def _hello(self, panel: Panel, message: Hello) -> None:
        if message.protocol != PROTOCOL_VERSION:
            self._publish((Closed(reason="this page runs another version of nexus-jupyter; reload the page"),))
            return
        if not serves_visitors():
            policy.attend()

        def answer(future: Future[Snapshot]) -> None:
            error = future.exception()
            if error is None:
                self._publish((future.result().model_copy(update={"displayed": self._displayed}),))
            else:
                self._publish((Closed(reason=str(error)),))

        panel.runtime.snapshot(None if message.rev is None else (message.document, message.rev)).add_done_callback(answer)
        if message.program:
            self._hand_over(panel, message)

    def _hand_over(self, panel: Panel, message: AskProgram | Hello) -> None:
        """Give the program to a page of the panel's author; a visitor sees the view, and neither the code nor all of the state."""
        if serves_visitors() or panel.program.view is None:
            return

        def answer(future: Future[ProgramReply]) -> None:
            if future.exception() is not None:
                return  # it has ended, which the page is told anyway
            reply = future.result().model_dump(mode="json")
            if len(text := compact(reply)) <= PROGRAM_BYTES:
                self.send(pack(reply, text))

        panel.runtime.program_for(message.client).add_done_callback(answer)

    def _decided(self, panel: Panel, message: ConsentAnswer) -> None:
        if serves_visitors():
            logger.warning("a visitor's page answered a request for permission, which only the kernel's owner may; it was refused")
            return
        panel.decide(message)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Pages may not write traits: nothing happens."""

    def _route_anywhere(self) -> None:
        # ipykernel routes a comm's messages to the subshell it last published from.  A panel publishes
        # from its own thread, so that memory would tie its clicks to the main shell, and a cell that
        # sleeps would hold them back.  The front end's own choice of subshell is the right one.
        comm = self.comm
        if comm is not None and hasattr(comm, "_reply_subshell_for"):
            comm._reply_subshell_for = lambda data, default: default

    def close(self) -> None:
        """End the model; the panel lives on unless it has ended, too."""
        self._unsubscribe()
        super().close()

    def __repr__(self) -> str:
        panel = self._panel
        return repr(panel) if panel is not None else "<Panel (ended)>"
