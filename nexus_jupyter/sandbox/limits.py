"""The sandbox's limits: named, with defaults.  Every one that is passed becomes a ``LimitError``."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import LimitError


@dataclass(frozen=True, slots=True)
class Limits:
    """What one guest may use.

    ``cpu``: seconds of one step (request).  ``load_cpu``: seconds of the first request, which compiles.
    ``cpu_max``: seconds of one step that a handler's ``timeout`` can ask for; ``wall_max`` of one call.
    ``wall``: seconds of one call from start to end, extensions included (held by the call's host).
    ``memory``: bytes of linear memory.  ``jobs``: promise reactions of one step (fixed in the guest's
    image).  ``request_bytes``, ``reply_bytes``: JSON text that crosses the wall.
    ``calls``: extension calls of one call; ``parallel``: of those at a time.
    ``result_bytes``: JSON text of what one extension call gives back.
    ``queue``: calls that may wait for their turn; ``events``: events of pages.  ``tool_depth``: tools calling tools.
    ``log_lines``, ``log_bytes``: of one call.
    """

    cpu: float = 1.0
    load_cpu: float = 5.0
    wall: float = 30.0
    cpu_max: float = 10.0
    wall_max: float = 600.0
    memory: int = 64 * 1024 * 1024
    jobs: int = 10_000
    request_bytes: int = 8 * 1024 * 1024
    reply_bytes: int = 16 * 1024 * 1024
    calls: int = 100
    parallel: int = 6
    result_bytes: int = 4 * 1024 * 1024
    queue: int = 16
    events: int = 64
    tool_depth: int = 16
    log_lines: int = 100
    log_bytes: int = 16 * 1024


DEFAULT_LIMITS = Limits()


def duration(seconds: float) -> str:
    """``seconds`` as a person writes it: ``250 ms``, ``1.5 s``."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.3g} s"


def cpu_exceeded(used: float, allowed: float) -> LimitError:
    """A step ran too long; both in seconds."""
    return LimitError(
        f"the panel's code ran for {duration(used)} without a pause; one step may take {duration(allowed)}.",
        limit="cpu",
        allowed=allowed,
        hint="Look for a loop that does not end, or split the work.",
    )


def memory_exceeded(allowed: int) -> LimitError:
    """The guest's memory is used up; bytes."""
    return LimitError(
        f"the panel needs more memory than the {allowed // (1024 * 1024)} MiB it may use.",
        limit="memory",
        allowed=allowed,
        hint="Keep less data in state, or let Python hold it.",
    )


def stack_exceeded() -> LimitError:
    """Functions call each other too deeply."""
    return LimitError(
        "the panel's code nests or calls itself too deeply.",
        limit="stack",
        hint="Look for a function that calls itself without an end, or for deeply nested data or code.",
    )


def jobs_exceeded(allowed: int) -> LimitError:
    """Promises that keep making promises."""
    return LimitError(
        f"the panel's code ran more than {allowed} promise reactions in one step.",
        limit="jobs",
        allowed=allowed,
        hint="Look for promises that start each other without an end.",
    )


def size_exceeded(what: str, size: int, allowed: int) -> LimitError:
    """A request or reply is too big; bytes."""
    return LimitError(
        f"the panel's {what} has {size:,} bytes; at most {allowed:,} may cross into or out of the sandbox.",
        limit=f"{what}_bytes",
        allowed=allowed,
        hint="Show or keep less data.",
    )
