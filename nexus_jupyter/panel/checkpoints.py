"""Named states of a panel to which it can go back."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..diagnostics import visible
from ..errors import LimitError, OptionError
from ..sandbox.values import FrozenDict
from .names import nearest


@dataclass(frozen=True, slots=True, repr=False)
class Checkpoint:
    """The state of a panel at revision ``rev``.  ``at`` is seconds since 1970."""

    name: str
    rev: int
    at: float
    state: FrozenDict

    @property
    def when(self) -> datetime:
        """When it was made, in local time."""
        return datetime.fromtimestamp(self.at).astimezone()

    def __repr__(self) -> str:
        return visible(f"<checkpoint {self.name!r}: revision {self.rev} at {self.when:%H:%M:%S}>")


class Checkpoints(Mapping[str, Checkpoint]):
    """A panel's checkpoints by name, in the order in which they were made; ``del`` drops one.

    They live as long as the panel and hold their state as it was.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: dict[str, Checkpoint] = {}
        self._lock = threading.Lock()

    def _put(self, checkpoint: Checkpoint) -> None:
        """Keep ``checkpoint``; one of its name gives way.  Raises LimitError (``checkpoints``)."""
        with self._lock:
            if checkpoint.name not in self._kept and len(self._kept) >= self._limit:
                raise LimitError(
                    f"the panel has {self._limit} checkpoints, which is the limit.",
                    limit="checkpoints",
                    allowed=self._limit,
                    used=self._limit + 1,
                    hint="Drop one: del panel.checkpoints['…'].",
                )
            self._kept.pop(checkpoint.name, None)
            self._kept[checkpoint.name] = checkpoint

    def __getitem__(self, name: str) -> Checkpoint:
        try:
            return self._kept[name]
        except KeyError:
            raise self._unknown(name) from None

    def __delitem__(self, name: str) -> None:
        with self._lock:
            if self._kept.pop(name, None) is None:
                raise self._unknown(name)

    def __contains__(self, name: object) -> bool:
        return name in self._kept

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def _unknown(self, name: str) -> OptionError:
        hint = nearest(str(name), list(self)) if self else "Make one: panel.checkpoint('name')."
        return OptionError(f"the panel has no checkpoint {name!r}.", hint=hint)

    def __repr__(self) -> str:
        return f"Checkpoints({', '.join(map(repr, list(self._kept.values())))})"
