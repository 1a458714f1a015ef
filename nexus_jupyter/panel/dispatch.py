"""From a handler's wish to an extension's answer: grants first, then limits, then the call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING

from pydantic import JsonValue

from ..errors import CancelledError, CapabilityError, LimitError, NexusError
from ..nxml.program import Program
from ..protocol import ExtensionCall, Settled
from ..sandbox.capabilities import Grants
from ..sandbox.extensions import Extension
from ..sandbox.extensions.loop import extension_loop
from ..sandbox.limits import Limits
from .call import Call, callers
from .failure import info_of

if TYPE_CHECKING:
    from .runtime import Runtime


class Dispatcher:
    """The extensions of one panel.

    ``extensions`` maps an extension's name to its implementation; aliases come from the document.
    Holds a lease on the extension loop while there are any, until ``close``.
    """

    def __init__(self, program: Program, grants: Grants, extensions: Mapping[str, Extension], limits: Limits) -> None:
        self._aliases = {e.alias: e.name for e in program.extensions}
        self._grants = grants
        self._extensions = dict(extensions)
        self._limits = limits
        self._leased = bool(self._aliases)
        if self._leased:
            extension_loop.acquire()

    def close(self) -> None:
        """Give the loop back.  Once only."""
        if self._leased:
            self._leased = False
            extension_loop.release()

    def dispatch(self, runtime: Runtime, call: Call, wish: ExtensionCall) -> None:
        """Start what ``wish`` asks for; its outcome comes back through ``runtime.settled``."""
        try:
            extension = self._permit(call, wish)
        except NexusError as error:
            runtime.settled(call, Settled(id=wish.id, error=info_of(error)), error)
            return
        chain = (*call.chain, (id(runtime), call.tool.name))
        future = extension_loop.submit(self._call(call, extension, wish, chain))
        call.pending.add(future)

        def done(finished: Future[JsonValue]) -> None:
            call.pending.discard(finished)
            # cancelled by the call's own end, which nobody waits for any more, or by the function itself
            error = CancelledError(f"{wish.method}() was cancelled.") if finished.cancelled() else finished.exception()
            if error is None:
                runtime.settled(call, Settled(id=wish.id, value=finished.result()), None)
            else:
                runtime.settled(call, Settled(id=wish.id, error=info_of(error)), error if isinstance(error, NexusError) else None)

        future.add_done_callback(done)

    def _permit(self, call: Call, wish: ExtensionCall) -> Extension:
        name = self._aliases.get(wish.alias)
        if name is None:
            raise CapabilityError(
                f"the panel declares no extension {wish.alias!r}.",
                hint=f'Declare it in <Logic>: <Extension name="nexus.…" alias="{wish.alias}"/>.',
            )
        self._grants.check(name, wish.method, declared=call.tool.handler.capabilities)
        extension = self._extensions.get(name)
        if extension is None:
            raise CapabilityError(f"the extension {name} is not available in this version.")
        if call.extension_calls > self._limits.calls:
            raise LimitError(
                f"{call.tool.name} has made {self._limits.calls} extension calls, which is the limit for one run.",
                limit="calls",
                allowed=self._limits.calls,
            )
        return extension

    async def _call(self, call: Call, extension: Extension, wish: ExtensionCall, chain: tuple[tuple[int, str], ...]) -> JsonValue:
        callers.set(chain)
        # The slots belong to the call, not to the panel: a function may call a tool of the same panel,
        # and that tool must not wait for the slot its own caller holds.
        if call.slots is None:
            call.slots = asyncio.Semaphore(self._limits.parallel)
        # no time limit here: the runtime ends a call at its deadline, and with it what it waits for
        async with call.slots:
            value = await extension.call(wish.method, wish.args)
        size = len(json.dumps(value, ensure_ascii=False))
        if size > self._limits.result_bytes:
            # here the handler can catch it; at the sandbox's wall it would end the whole call
            raise LimitError(
                f"{wish.method}() gave back {size:,} bytes; at most {self._limits.result_bytes:,} may enter the sandbox.",
                limit="result_bytes",
                allowed=self._limits.result_bytes,
                hint="Give back less, e.g. a summary or a page of it.",
            )
        return value
