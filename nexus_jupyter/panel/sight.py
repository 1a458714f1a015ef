"""Whether a person can see the panel: what its pages say, for as long as they go on saying so."""

from __future__ import annotations

from collections import OrderedDict

from ..protocol import SIGHT_SECONDS
from .moment import Clock

# Names that pages gave themselves: those of a page that invents more push out one another.
MAX_PAGES = 100


class Sight:
    """The pages that show the panel now.  On the panel's thread only.

    A page that ends without a word is forgotten after ``SIGHT_SECONDS``.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: OrderedDict[str, float] = OrderedDict()

    def tell(self, client: str, *, shown: bool) -> None:
        """A page says that it shows the panel, or does no longer."""
        self._until.pop(client, None)
        if shown:
            self._until[client] = self._clock.monotonic() + SIGHT_SECONDS
            if len(self._until) > MAX_PAGES:
                self._until.popitem(last=False)

    @property
    def open(self) -> bool:
        """Whether any page shows it."""
        now = self._clock.monotonic()
        # told again, a page comes last: the first has the least time left
        while self._until and next(iter(self._until.values())) <= now:
            self._until.popitem(last=False)
        return bool(self._until)
