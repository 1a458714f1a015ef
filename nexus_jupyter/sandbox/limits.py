"""The sandbox's limits: named, with defaults.  Every one that is passed becomes a ``LimitError``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import LimitError

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one guest may use.  The defaults start from what one person's notebook needs, with room.

    Time, in seconds:
    ``cpu``: of the processor in one step (one request).  ``cpu_total``: in all steps of one call.
    ``load_cpu``: in the first request, which compiles, and in looking at the view, which may be
    made whole.  ``cpu_max``: what a handler's ``timeout`` can raise ``cpu`` to.
    ``starved``: how many times its processor time a step may take by the clock, on a machine that has none to give.
    ``wall``: one call from start to end, extensions included; ``wall_max``: what a ``timeout`` can raise that to.
    ``unmount``: that of what runs when a panel ends.  ``interval``: the least between two runs of an interval.

    Memory and sizes, in bytes:
    ``memory``: linear memory (64 MiB is the most the guest's code declares).  ``state_bytes``: the whole state as JSON.
    ``request_bytes``, ``reply_bytes``: JSON text that crosses the wall.  ``result_bytes``: what one extension call gives back.
    ``log_bytes``: text of the log of one call.  ``history_bytes``: what a panel's history keeps of its revisions, as JSON;
    ``record_bytes``: a recorded session.

    Counts:
    ``jobs``: promise reactions of one step.  ``calls``: extension calls of one call; ``parallel``: of those at a time.
    ``queue``: calls of one tool that may wait for their turn; ``events``: events of pages.
    ``tool_depth``: tools calling tools.  ``hooks``: lifecycle hooks that follow from one another.  ``log_lines``: of one call.
    ``history``: revisions that a panel's history keeps; ``checkpoints``: of one panel.

    The guest's own stack is fixed where its image is built (256 KiB of JavaScript, ``wasm/build/bake.mjs``).
    """

    cpu: float = 1.0
    cpu_total: float = 10.0
    load_cpu: float = 5.0
    cpu_max: float = 10.0
    starved: float = 10.0
    wall: float = 30.0
    wall_max: float = 600.0
    unmount: float = 2.0
    interval: float = 0.1
    memory: int = 64 * MIB
    state_bytes: int = 6 * MIB
    request_bytes: int = 8 * MIB
    reply_bytes: int = 16 * MIB
    result_bytes: int = 4 * MIB
    log_bytes: int = 16 * 1024
    history_bytes: int = 8 * MIB
    record_bytes: int = 64 * MIB
    jobs: int = 10_000
    calls: int = 100
    parallel: int = 6
    queue: int = 16
    events: int = 64
    tool_depth: int = 16
    hooks: int = 16
    log_lines: int = 100
    history: int = 1000
    checkpoints: int = 32


DEFAULT_LIMITS = Limits()

# Reading the configuration is a face's business; the package sets this when there is one to be read.
configured: Callable[[], Limits] = Limits


def duration(seconds: float) -> str:
    """``seconds`` as a person writes it: ``250 ms``, ``1.5 s``."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.3g} s"


def cpu_exceeded(used: float, allowed: float) -> LimitError:
    """A step computed too long; both in seconds."""
    return LimitError(
        f"the panel's code ran for {duration(used)} without a pause; one step may take {duration(allowed)}.",
        limit="cpu",
        allowed=allowed,
        used=used,
        hint="Look for a loop that does not end, or split the work.",
    )


def cpu_total_exceeded(name: str, used: float, allowed: float) -> LimitError:
    """The steps of a call computed too long together; both in seconds."""
    return LimitError(
        f"{name} computed for {duration(used)} in all its steps; {duration(allowed)} are allowed.",
        limit="cpu_total",
        allowed=allowed,
        used=used,
        hint="Split the work into several calls.",
    )


def wall_exceeded(used: float, allowed: float) -> LimitError:
    """A step took too long by the clock; both in seconds."""
    return LimitError(
        f"the panel's code did not end within {duration(allowed)}.",
        limit="wall",
        allowed=allowed,
        used=used,
        hint="The machine may be busy, or an extension slow: try again.",
    )


def memory_exceeded(allowed: int, used: int | None = None) -> LimitError:
    """The guest's memory is used up; ``used`` is what it had when it needed more.  Bytes."""
    return LimitError(
        f"the panel needs more memory than the {allowed // MIB} MiB it may use.",
        limit="memory",
        allowed=allowed,
        used=used,
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
        used=allowed + 1,
        hint="Look for promises that start each other without an end.",
    )


def size_exceeded(what: str, size: int, allowed: int) -> LimitError:
    """A request or reply is too big; bytes."""
    return LimitError(
        f"the panel's {what} has {size:,} bytes; at most {allowed:,} may cross into or out of the sandbox.",
        limit=f"{what}_bytes",
        allowed=allowed,
        used=size,
        hint="Show or keep less data.",
    )
