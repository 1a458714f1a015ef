"""A running panel inside the sandbox: typed requests in, checked replies out."""

from __future__ import annotations

import datetime
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import from_json

from ..diagnostics import Diagnostic, LineIndex, Severity
from ..errors import NexusError
from ..nxml.analysis_places import Written
from ..nxml.program import Program
from ..protocol import GuestBounds, GuestEvent, GuestInvoke, GuestLoad, GuestReply, GuestRequest, GuestResume, LogLine
from .engine import Engine
from .instance import Instance, InstanceLost
from .limits import DEFAULT_LIMITS, Limits, memory_exceeded, stack_exceeded
from .machine import Image

_UTC = ZoneInfo("UTC")
_YEARS = 3000 * 366 * 86_400


@dataclass(frozen=True, slots=True)
class CodeError:
    """A syntax error in ``program.code[index]``; ``line`` and ``column`` are 1-based and count in that code."""

    index: int
    line: int
    column: int
    message: str


class CodeErrors(NexusError):
    """The panel's code has syntax errors; ``errors`` lists them all."""

    code = "JS_SYNTAX"

    def __init__(self, errors: Sequence[CodeError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0].message if self.errors else "unknown"
        more = f" (and {len(self.errors) - 1} more)" if len(self.errors) > 1 else ""
        super().__init__(f"the panel's code has a syntax error: {first}{more}.")


def syntax_diagnostics(program: Program, errors: Sequence[CodeError], source: str = "") -> tuple[Diagnostic, ...]:
    """The errors as diagnostics in the document that ``program`` was compiled from.

    With the document's ``source`` places are exact also where references were decoded.
    """
    index = LineIndex(source)
    out = []
    for error in errors:
        code = program.code[error.index]
        lines = code.source.split("\n")
        line = max(error.line, 1)
        offset = len(code.source)  # where it ends too early, which is told of what stands behind it
        if line <= len(lines):
            column = min(max(error.column, 1), len(lines[line - 1]) + 1)
            offset = sum(len(text) + 1 for text in lines[: line - 1]) + column - 1
        written = Written(code.source, source[code.span.start : code.span.end] if source else code.source)
        at = written.at(offset)
        end = at + (at < len(written.text))
        place = index.span(code.span.start + at, code.span.start + end) if source else written.span(code.span, at, end)
        out.append(
            Diagnostic(code="JS_SYNTAX", severity=Severity.ERROR, message=f"this JavaScript cannot be read: {error.message}", span=place)
        )
    return tuple(out)


class Guest:
    """One panel in one memory of its own.

    ``state`` is the committed state to go on from; None: the declared defaults.  ``clock`` is milliseconds
    since 1970, ``seed`` 32 random bits, ``zone`` an IANA time zone name (an unknown one is UTC).
    Any thread may make requests; they run one after the other.

    Raises CodeErrors: the program's code cannot be compiled.  LimitError: loading passed a limit.
    NexusError: a default that is an expression failed.  EngineError: the sandbox cannot run here.
    """

    def __init__(
        self,
        program: Program,
        state: dict[str, JsonValue] | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        clock: float | None = None,
        seed: int = 1,
        zone: str = "UTC",
        on_log: Callable[[LogLine], None] | None = None,
        engine: Engine | None = None,
    ) -> None:
        self._begin(Instance(engine or Engine.shared(), limits), limits, zone, on_log)
        moment = time.time() * 1000 if clock is None else clock
        try:
            load = GuestLoad(
                program=program.model_dump(mode="json"), state=state, clock=moment, seed=seed, zone=zone, bounds=bounds_of(limits)
            )
            reply = self.request(load, timeout=limits.load_cpu)
            if reply.status == "failed":
                self._refuse(reply)
        except BaseException:
            self.close()
            raise
        self.initial_state: dict[str, JsonValue] = reply.state or {}
        """The state that the panel starts with."""

    @classmethod
    def of_image(cls, image: Image, *, limits: Limits = DEFAULT_LIMITS, engine: Engine | None = None) -> Guest:
        """A guest that goes on from a loaded one that was kept (``keep``); ``limits`` must be those of that one.

        Raises EngineError: the sandbox cannot run here.
        """
        guest = cls.__new__(cls)
        guest._begin(Instance(engine or Engine.shared(), limits, image), limits, "UTC", None)
        guest.initial_state = {}
        return guest

    def _begin(self, instance: Instance, limits: Limits, zone: str, on_log: Callable[[LogLine], None] | None) -> None:
        self._limits = limits
        self._on_log = on_log
        self._session_zone = zone
        self._zone = zone_named(zone)
        self._call_zones: dict[int, str] = {}
        self._instance = instance
        instance.zone_offset = self._zone_offset

    def keep(self) -> Image:
        """Its memory as an image, for other guests to begin with; between two requests only.  Raises EngineError, CancelledError."""
        return self._instance.keep()

    @property
    def memory_size(self) -> int:
        """Bytes of linear memory now; 0 when it is gone."""
        return self._instance.memory_size

    @property
    def alive(self) -> bool:
        """Whether it takes requests.  After a trap, a passed limit or ``close`` it never does again."""
        return self._instance.alive

    @property
    def used(self) -> float:
        """Seconds of the processor that the last request took."""
        return self._instance.used

    def request(
        self, request: GuestRequest, *, timeout: float | None = None, wall: float | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> GuestReply:  # fmt: skip
        """One step.  ``timeout`` is its processor time in seconds, ``wall`` its time by the clock; the limits' by default.
        ``cancelled`` tells of an ``interrupt`` that was meant for this step and may have come before it.

        A reply with status ``failed`` leaves the guest as it was before the step.  After an exception it may be
        gone: look at ``alive``, and make a new one from committed state.

        Raises LimitError: a limit was passed.  CancelledError: ``interrupt`` or ``close`` stopped it.
        NexusError: the request holds what JSON cannot, or the guest failed.
        """
        text = encoded(request)
        self._enter_zone(request)
        try:
            answer = self._instance.call(text, self._limits.cpu if timeout is None else timeout, wall, cancelled)
            reply = decoded(answer)
        except InstanceLost as lost:
            raise lost.cause from None
        except (ValueError, RecursionError, ValidationError) as error:
            self.close()
            raise NexusError(f"the panel's sandbox gave an impossible answer ({type(error).__name__})", code="GUEST_FAULT") from None
        self._note(request, reply)
        if reply.error is not None and reply.error.code in ("LIMIT_MEMORY", "LIMIT_STACK"):
            used = self.memory_size
            self.close()
            raise memory_exceeded(self._limits.memory, used) if reply.error.code == "LIMIT_MEMORY" else stack_exceeded()
        return reply

    def interrupt(self) -> None:
        """Stop the request that runs now, from another thread: it raises CancelledError and the guest is gone."""
        self._instance.interrupt()

    def close(self) -> None:
        """Free the guest's memory; a request that runs now is stopped.  More than once is fine."""
        self._instance.close()

    def __enter__(self) -> Guest:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _refuse(self, reply: GuestReply) -> NoReturn:
        error = reply.error
        assert error is not None
        if error.code == "JS_SYNTAX" and isinstance(reply.value, list):
            raise CodeErrors([_code_error(item) for item in reply.value])
        raise NexusError(error.message, hint=error.hint, code=error.code)

    def _enter_zone(self, request: GuestRequest) -> None:
        if isinstance(request, GuestInvoke | GuestEvent):
            name = self._call_zones[request.call] = request.zone
        elif isinstance(request, GuestResume):
            name = self._call_zones.get(request.call, self._session_zone)
        else:
            name = self._session_zone
        self._zone = zone_named(name)

    def _note(self, request: GuestRequest, reply: GuestReply) -> None:
        call = getattr(request, "call", None)
        if call is not None and reply.status != "waiting":
            self._call_zones.pop(call, None)
        if self._on_log is not None:
            for line in reply.logs:
                self._on_log(line)

    def _zone_offset(self, seconds: int) -> int:
        moment = datetime.datetime.fromtimestamp(max(-_YEARS // 2, min(seconds, _YEARS)), self._zone)
        offset = moment.utcoffset()
        return 0 if offset is None else int(offset.total_seconds())


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """The IANA zone called ``name``; UTC when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return _UTC


def _fields(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.__dict__
    raise TypeError(f"{type(value).__name__} is not JSON")


def bounds_of(limits: Limits) -> GuestBounds:
    """Those of the limits that the guest itself keeps."""
    return GuestBounds(
        state_bytes=limits.state_bytes,
        calls=limits.calls,
        tool_depth=limits.tool_depth,
        log_lines=limits.log_lines,
        log_bytes=limits.log_bytes,
    )


def encoded(request: GuestRequest) -> bytes:
    """The request as the guest reads it.  Raises NexusError (``INVALID_VALUE``): it holds what JSON cannot."""
    try:
        return json.dumps(request.__dict__, default=_fields, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (ValueError, TypeError, RecursionError) as error:
        problem = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise NexusError(
            f"this value cannot be sent to a panel: {problem}.",
            hint="Use plain JSON values; NaN and infinities are none.",
            code="INVALID_VALUE",
        ) from None


def decoded(answer: bytes) -> GuestReply:
    """The guest's answer, checked.  Raises ValueError (ValidationError among them), RecursionError."""
    try:
        value = from_json(answer, allow_inf_nan=False)
    except ValueError:  # or nested deeper than that reader goes
        value = json.loads(answer, parse_constant=_refuse_constant, parse_float=_finite)
    return GuestReply.model_validate(value)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("infinite")
    return value


def _code_error(item: JsonValue) -> CodeError:
    fields = item if isinstance(item, dict) else {}

    def whole(name: str) -> int:
        value = fields.get(name)
        return value if isinstance(value, int) and value >= 0 else 0

    return CodeError(whole("index"), whole("line"), whole("column"), str(fields.get("message", "")))
