"""Recording a panel's session: all that its guest is asked, so that it can be asked again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from pydantic import JsonValue

from ..errors import NexusError, OptionError
from ..protocol import GuestCancel, GuestEvent, GuestInvoke, GuestReply, GuestRequest, GuestResume
from ..protocol.identity import document_hash
from ..protocol.session import Begin, Committed, Recorded, Session, Step
from ..sandbox.guest import bounds_of
from ..sandbox.values import thaw
from .mailbox import mailbox

if TYPE_CHECKING:
    from .runtime import Runtime


class Recorder:
    """Records one panel until it is stopped; a context manager, which stops it.

    A call that runs already when the record begins is recorded by what it changes from then on.
    """

    def __init__(self, runtime: Runtime, panel: str, source: Callable[[], str], zone: str, path: str | os.PathLike[str] | None) -> None:
        self._runtime = runtime
        self._panel = panel
        self._source = source
        self._zone = zone
        self._path = None if path is None else Path(path)
        self._limit = runtime.limits.record_bytes
        self._size = 0
        self._begun = ""
        self._first: dict[str, JsonValue] = {}
        self._steps: list[Recorded] = []
        self._calls: set[int] = set()
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """What was recorded.  Raises NexusError (``RECORDING``): it was not stopped yet."""
        if self._session is None:
            raise NexusError("this session is still being recorded.", hint="Call stop() first.", code="RECORDING")
        return self._session

    def stop(self) -> Session:
        """End the record, write its file if there is to be one, and give the session.  Again gives the same.

        Raises OptionError: the file cannot be written; the session can still be had.
        """
        if self._session is None:
            try:
                mailbox.wait(self._runtime.ask(lambda: self.end("")))
            except NexusError:
                if self._session is None:
                    raise
        path, self._path = self._path, None
        if path is not None:
            self.save(path)
        return self.session

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the session, as a whole or not at all.  Raises OptionError: it cannot be written."""
        file = Path(path)
        text = self.session.model_dump_json()
        try:
            handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as out:
                    out.write(text)
                Path(name).replace(file)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise OptionError(f"the session cannot be written to {str(file)!r}: {error.strerror}.") from None
        return file

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "recording" if self._session is None else "stopped"
        return f"<Recorder of {self._panel}: {state}, {len(self._steps)} steps>"

    # --- in the panel's turns -------------------------------------------------------------------------

    def start(self) -> None:
        """Begin with the present state."""
        self._begun = self._source()
        self._first = thaw(self._runtime.state)
        self._runtime.record(self)

    def began(self, clock: float, seed: int, *, replaced: bool = False) -> None:
        """The guest began anew; ``replaced``: with another document."""
        self._calls.clear()
        source = self._source() if replaced else None
        state = thaw(self._runtime.state) if replaced else None
        self._add(Begin(clock=clock, seed=seed, source=source, state=state))

    def asked(self, request: GuestRequest, reply: GuestReply) -> None:
        """The guest has answered; what it changed is not committed yet."""
        if isinstance(request, GuestResume | GuestCancel) and request.call not in self._calls:
            if reply.ops and isinstance(request, GuestResume):
                self._add(Committed(clock=request.clock, ops=reply.ops))
            return
        if isinstance(request, GuestInvoke | GuestEvent) and request.call:
            self._calls.add(request.call)
        self._add(Step(request=request, ops=reply.ops, calls=reply.calls, failed=failure(reply)))

    def lost(self, request: GuestRequest, error: NexusError) -> None:
        """The request ended the guest."""
        self._add(Step(request=request, lost=error.code))

    def end(self, reason: str) -> None:
        """The record ends with the state as it is committed now."""
        if self._session is not None:
            return
        self._runtime.unrecord(self)
        self._session = Session(
            panel=self._panel,
            source=self._begun,
            hash=document_hash(self._begun),
            zone=self._zone,
            bounds=bounds_of(self._runtime.limits),
            first=self._first,
            steps=tuple(self._steps),
            last=thaw(self._runtime.state),
            ended=reason,
        )

    def _add(self, step: Recorded) -> None:
        if self._session is not None:
            return
        self._size += len(step.model_dump_json())
        if self._size > self._limit:
            self.end(f"it has reached {self._limit:,} bytes, which is the limit (record_bytes)")
        else:
            self._steps.append(step)


def failure(reply: GuestReply) -> str:
    """The code of the error that a reply tells, "" for none."""
    return reply.error.code if reply.status == "failed" and reply.error is not None else ""
