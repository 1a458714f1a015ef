"""The way between pages and one panel: what is on its way waits here until the test lets it arrive, or not."""

from __future__ import annotations

import random
from typing import Any

from pydantic import TypeAdapter

from nexus_jupyter import Panel
from nexus_jupyter.protocol import AskProgram, Batch, Cancel, ClientMessage, ConfirmAnswer, Event, Hello, KernelMessage, Redo, Skip, Undo

from .pages import Pages

_message: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


class Network:
    """The way between the pages and one panel; what is on its way waits in two lists a page."""

    def __init__(self, pages: Pages, panel: Panel, chance: random.Random | None = None, faults: float = 0.0) -> None:
        self.pages, self.panel, self.chance, self.faults = pages, panel, chance or random.Random(0), faults
        self.up: dict[int, list[dict[str, Any]]] = {}
        self.down: dict[int, list[dict[str, Any]]] = {}
        self._heard: list[dict[str, Any]] = []
        self._end = panel.runtime.subscribe(self._hear)

    def open(self, page: int, *, near: bool) -> None:
        self.up[page], self.down[page] = [], []
        # every other page finds a view in its model, as it is now, and has no need of another
        saved = self.panel.runtime.snapshot().result(60).model_dump_json() if page % 2 else None
        self.do("open", page, near=near, saved=saved)

    def close(self, page: int) -> None:
        self.do("close", page)
        del self.up[page], self.down[page]

    def do(self, what: str, page: int = 0, **rest: Any) -> Any:
        return self.do_all({"do": what, "page": page, **rest})[0]

    def do_all(self, *commands: dict[str, Any]) -> list[Any]:
        """Have the pages do several things at once."""
        answers = self.pages.ask_all(*commands)
        for number, message in self.pages.sent:
            if number in self.up:
                self.up[number].append(message)
        self.pages.sent.clear()
        return answers

    def _hear(self, messages: tuple[KernelMessage, ...]) -> None:
        self._heard.append(Batch(messages=messages).model_dump(mode="json"))

    def gather(self) -> None:
        """What the kernel has said is on its way to every page."""
        heard, self._heard = self._heard, []
        for waiting in self.down.values():
            waiting += heard

    def take(self, page: int, *, faulty: bool) -> None:
        """One message of a page comes to the kernel."""
        message = self._next(self.up[page], faulty=faulty)
        if message is not None:
            self._heard_of(message)

    def _heard_of(self, message: dict[str, Any]) -> None:
        runtime = self.panel.runtime
        parsed = _message.validate_python(message)
        if isinstance(parsed, Hello):
            known = None if parsed.rev is None else (parsed.document, parsed.rev)
            self._tell_all(runtime.snapshot(known).result(60))
            if parsed.program:
                self._tell_all(runtime.program_for(parsed.client).result(60))
        elif isinstance(parsed, AskProgram):
            self._tell_all(runtime.program_for(parsed.client).result(60))
        elif isinstance(parsed, Event | Undo | Redo):
            runtime.event(parsed).result(60)
        elif isinstance(parsed, Skip):
            runtime.skip(parsed)
        elif isinstance(parsed, Cancel):
            runtime.cancel_event(parsed.client, parsed.seq)
        else:
            assert isinstance(parsed, ConfirmAnswer)
            runtime.confirm(parsed)
        runtime.ask(lambda: None).result(60)
        self.gather()

    def _tell_all(self, message: KernelMessage) -> None:
        """A comm has all of its pages as listeners, whoever asked."""
        for waiting in self.down.values():
            waiting.append(message.model_dump(mode="json"))

    def give(self, page: int, *, faulty: bool) -> None:
        """One message of the kernel comes to a page."""
        content = self._next(self.down[page], faulty=faulty)
        if content is not None:
            self.do("hear", page, content=content)

    def _next(self, waiting: list[dict[str, Any]], *, faulty: bool) -> dict[str, Any] | None:
        if not waiting:
            return None
        luck = self.chance.random() if faulty else 1.0
        if luck < self.faults:
            waiting.pop(0)
            return None
        if luck < 2 * self.faults:
            return waiting[0]
        if luck < 3 * self.faults and len(waiting) > 1:
            return waiting.pop(1)
        return waiting.pop(0)

    def settle(self) -> None:
        """Everything arrives, and time passes until nobody waits for anything."""
        for _ in range(40):
            while any(self.up.values()) or any(self.down.values()):
                for page in list(self.up):
                    while self.up[page]:
                        self.take(page, faulty=False)
                    while self.down[page]:
                        self.give(page, faulty=False)
            self.do("pass", time=20_000)
            self.panel.runtime.ask(lambda: None).result(60)
            self.gather()
            quiet = not any(self.up.values()) and not any(self.down.values())
            if quiet and all(self.do("look", page, settled=True)["expected"] == 0 for page in self.up):
                return
        raise AssertionError("something is waited for without end")

    def end(self) -> None:
        self._end()
