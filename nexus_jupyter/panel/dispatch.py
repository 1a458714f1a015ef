"""From a handler's wish to an extension's answer: grants first, then limits, then the call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING

from pydantic import JsonValue

from ..errors import CancelledError, CapabilityError, HandlerError, LimitError, NexusError
from ..nxml.program import ExtensionDeclaration, Program
from ..protocol import Emitted, ExtensionCall, Settled
from ..sandbox.capabilities import PYTHON, check_declared
from ..sandbox.extensions import Extension, ExtensionContext, registry
from ..sandbox.extensions.exposed import Function
from ..sandbox.extensions.loop import extension_loop
from ..sandbox.extensions.serving import serve
from ..sandbox.failure import info_of
from ..sandbox.limits import Limits
from .call import Call, callers
from .permissions import Permissions

if TYPE_CHECKING:
    from .bench import Bench
    from .runtime import Runtime

logger = logging.getLogger(__name__)

# Seconds that the extensions of a panel may take to free what they hold.
CLOSE_WAIT = 5.0


class Dispatcher:
    """The extensions of one document of one panel.

    ``permissions`` are the panel's; ``functions`` and ``frames`` what Python exposes to it, live.  An extension is made
    when its first call is permitted, on the loop that it runs on, and closed there.  Holds a lease on the loop while the
    document declares any extension, until ``close``.
    """

    def __init__(
        self,
        program: Program,
        permissions: Permissions,
        functions: Mapping[str, Function],
        frames: Mapping[str, object],
        limits: Limits,
        bench: Bench | None = None,
    ) -> None:
        self._declared = {e.alias: e for e in program.extensions}
        self._permissions = permissions
        self._functions = functions
        self._frames = frames
        self._limits = limits
        self._bench = bench
        self._made: dict[str, Extension] = {}  # on the loop only
        self._leased = bool(self._declared)
        if self._leased:
            extension_loop.acquire()

    def close(self) -> None:
        """Close the extensions, wait for them, and give the loop back.  Once only; never on the loop itself."""
        if not self._leased:
            return
        self._leased = False
        try:
            extension_loop.submit(self._close()).result(CLOSE_WAIT + 1)
        except Exception:
            logger.exception("the extensions of the panel %r could not be closed", self._permissions.panel)
        finally:
            extension_loop.release()

    def ended(self, call: Call) -> None:
        """``call`` is over."""
        self._permissions.ended(call.id)

    def dispatch(self, runtime: Runtime, call: Call, wish: ExtensionCall) -> None:
        """Start what ``wish`` asks for; its outcome comes back through ``runtime.settled``."""
        try:
            declared, kind = self._permit(runtime, call, wish)
        except NexusError as error:
            runtime.settled(call, Settled(id=wish.id, error=info_of(error)), error)
            return
        chain = (*call.chain, (id(runtime), call.tool.name))
        future = extension_loop.submit(self._call(runtime, call, declared, kind, wish, chain))
        call.pending.add(future)

        def done(finished: Future[JsonValue]) -> None:
            try:
                answer(finished)
            finally:
                call.pending.discard(finished)  # not before: else it would seem that nothing is to come

        def answer(finished: Future[JsonValue]) -> None:
            # cancelled by the call's own end, which nobody waits for any more, or by the function itself
            error = CancelledError(f"{wish.method}() was cancelled.") if finished.cancelled() else finished.exception()
            if error is None:
                runtime.settled(call, Settled(id=wish.id, value=finished.result()), None)
                return
            if not isinstance(error, NexusError):
                # the handler learns that it failed, and no more
                logger.error("%s.%s() failed", declared.name, wish.method, exc_info=error)
            runtime.settled(call, Settled(id=wish.id, error=info_of(error)), error if isinstance(error, NexusError) else None)

        future.add_done_callback(done)

    def _permit(self, runtime: Runtime, call: Call, wish: ExtensionCall) -> tuple[ExtensionDeclaration, type[Extension]]:
        declared = self._declared.get(wish.alias)
        if declared is None:
            raise CapabilityError(
                f"the panel declares no extension {wish.alias!r}.",
                hint=f'Declare it in <Logic>: <Extension name="nexus.…" alias="{wish.alias}"/>.',
            )
        kind = self._class(declared)
        capability = kind.capability(wish.method)
        if capability is None:
            known = f"It has {', '.join(kind.methods())}."
            raise HandlerError(f"{declared.name} has no method {wish.method!r}.", name="TypeError", hint=known, code="UNKNOWN_METHOD")
        check_declared(capability, call.tool.handler.capabilities)
        grants = self._permissions.grants(call.id, call.tool.name)
        if declared.name == PYTHON:
            grants.check_function(wish.method)
        elif grants.holds(declared.name, declared.alias, capability):
            self._permissions.used(call.id, call.tool.name)
        else:
            hint = self._permissions.denied(runtime, declared.alias, capability, call.tool.name)
            raise CapabilityError(f"{declared.name}.{wish.method} is not granted to this panel.", hint=hint)
        if call.extension_calls > self._limits.calls:
            raise LimitError(
                f"{call.tool.name} has made {self._limits.calls} extension calls, which is the limit for one run.",
                limit="calls",
                allowed=self._limits.calls,
                used=call.extension_calls,
            )
        return declared, kind

    def _class(self, declared: ExtensionDeclaration) -> type[Extension]:
        bench = self._bench
        return registry.extension_class(declared.name) if bench is None else bench.extension_class(declared.alias, declared.name)

    def _extension(self, runtime: Runtime, declared: ExtensionDeclaration, kind: type[Extension]) -> Extension:
        """The panel's instance of a declared extension.  On the loop; raises NexusError when its options are not usable."""
        made = self._made.get(declared.alias)
        if made is None:
            context = ExtensionContext(
                panel=self._permissions.panel,
                notebook=self._permissions.notebook,
                options=dict(declared.options),
                granted=lambda: self._permissions.capabilities(declared.alias),
                publish=lambda event, payload: runtime.put(lambda: runtime.say(Emitted(event=event, payload=payload))),
                functions=self._functions,
                frames=self._frames,
            )
            made = self._made[declared.alias] = kind(context)
        return made

    async def _close(self) -> None:
        made, self._made = list(self._made.values()), {}
        for each in made:
            try:
                async with asyncio.timeout(CLOSE_WAIT / len(made)):
                    await each.close()
            except Exception:
                logger.exception("the extension %s could not be closed", each.name)

    async def _call(
        self,
        runtime: Runtime,
        call: Call,
        declared: ExtensionDeclaration,
        kind: type[Extension],
        wish: ExtensionCall,
        chain: tuple[tuple[int, str], ...],
    ) -> JsonValue:
        callers.set(chain)
        # The slots belong to the call, not to the panel: a function may call a tool of the same panel,
        # and that tool must not wait for the slot its own caller holds.
        if call.slots is None:
            call.slots = asyncio.Semaphore(self._limits.parallel)
        return await serve(self._extension(runtime, declared, kind), wish, call.slots, self._limits)
