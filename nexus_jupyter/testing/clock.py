"""A panel's time in a test: it stands still, and goes on when the test says so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from ..errors import OptionError
from ..panel.moment import Clock

START = datetime(2026, 1, 1, tzinfo=UTC)


# Seconds of the machine's time that a function may take which a panel calls as its last act.
_PATIENCE = 10.0


class ManualClock(Clock):
    """Time that goes only when it is set.

    It is set in turns of the panel alone: whoever waits for it then looks at it again.
    """

    def __init__(self, now: datetime) -> None:
        self._began = now.timestamp() * 1000
        self._passed = 0.0
        self.busy: Callable[[], bool] = lambda: False
        """Whether something is under way that takes time of the machine; asked in turns of the panel."""

    def monotonic(self) -> float:
        return self._passed

    def now_ms(self) -> float:
        return float(round(self._began + self._passed * 1000))

    def left(self, due: float) -> float:
        return _PATIENCE if self.busy() else 0.0

    def reach(self, due: float) -> None:
        self.set(due)

    def wait(self, changed: threading.Condition, seconds: float) -> None:
        changed.wait()

    def set(self, passed: float) -> None:
        """So many seconds have passed since the test began; time never goes back."""
        self._passed = max(self._passed, passed)


def moment(now: datetime | str | None) -> datetime:
    """The time at which a test begins; without a time zone it is UTC.  Raises OptionError."""
    if now is None:
        return START
    try:
        found = datetime.fromisoformat(now) if isinstance(now, str) else now
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    except (ValueError, AttributeError):
        raise OptionError(f"now={now!r} is no time.", hint="Write for example now='2026-03-01T09:30'.") from None
