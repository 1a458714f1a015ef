"""What of one panel's states outlives it: the values of those that are declared with ``persist="notebook"``."""

from __future__ import annotations

import os
from collections.abc import Callable

from pydantic import JsonValue

from ..errors import StateError
from ..nxml.program import Program
from ..sandbox.values import FrozenDict, thaw, to_json
from .kept_store import KeptStore, Owner, kept_store
from .replacement import differing


def _nobody() -> bool:
    return False


# Whether visitors use this kernel's panels is a face's knowledge; the package sets this when there is one.
serves_visitors: Callable[[], bool] = _nobody


def notebook_path() -> str:
    """The path of this kernel's notebook, "" where there is none: the server tells it to the kernel; nothing in the notebook does."""
    return os.environ.get("JPY_SESSION_NAME", "")


class Keeping:
    """Keeps the values that differ from what the states begin with.

    Nothing is kept for a panel without a notebook (a script, nbconvert, a preview, a test), and nothing where visitors use
    it: what one of them does is not for the next.  ``tell`` is called with a sentence when something cannot be kept.
    """

    def __init__(self, panel: str, notebook: str, program: Program, tell: Callable[[str], None], *, store: KeptStore = kept_store) -> None:
        self._owner: Owner | None = (notebook, panel) if notebook and not serves_visitors() else None
        self._store = store
        self._tell = tell
        self._told: set[str] = set()
        self._read: dict[str, JsonValue] = {}
        self._names: tuple[str, ...] = ()
        self.declare(program)

    def declare(self, program: Program) -> None:
        """Be about the states of another document."""
        self._names = tuple(each.name for each in program.states if each.persist == "notebook")

    def read(self) -> tuple[dict[str, JsonValue], tuple[str, ...]]:
        """The kept values of the states that are still to be kept, and what there is to say."""
        if self._owner is None or not self._names:
            return {}, ()
        found, note = self._store.read(self._owner)
        self._read = found
        notes = [note] if note else []
        values: dict[str, JsonValue] = {}
        for name in self._names:
            if name in found:
                try:
                    values[name] = to_json(found[name], name)
                except StateError as error:
                    notes.append(f"{name} starts anew: {error.message}")
        return values, tuple(notes)

    def begin(self, state: FrozenDict, first: FrozenDict, *, anew: bool) -> None:
        """The panel has begun with ``state``: what is kept is that, and nothing of what is not to be kept any more.

        ``anew``: something else than what was read may be kept by now.  On the panel's thread.
        """
        if self._owner is None:
            return
        if not self._names:
            self._store.drop(self._owner)
        elif anew or self._differing(state, first) != self._read:
            self._keep(state, first)
        self._read = {}

    def committed(self, before: FrozenDict, after: FrozenDict, first: FrozenDict) -> None:
        """A revision was committed; on the panel's thread."""
        if self._owner is not None and any(before.get(name) is not after.get(name) for name in self._names):
            self._keep(after, first)

    def end(self) -> None:
        """The panel has ended: what waits is written."""
        if self._owner is not None:
            self._store.flush(self._owner)

    def forget(self) -> None:
        """Drop what is kept."""
        if self._owner is not None:
            self._store.drop(self._owner)

    def _keep(self, state: FrozenDict, first: FrozenDict) -> None:
        assert self._owner is not None
        self._store.keep(self._owner, lambda: self._differing(state, first), self._say)

    def _differing(self, state: FrozenDict, first: FrozenDict) -> dict[str, JsonValue]:
        return {name: thaw(value) for name, value in differing(state, first).items() if name in self._names}

    def _say(self, what: str, sentence: str) -> None:
        if what not in self._told:  # once, however often it is tried
            self._told.add(what)
            self._tell(sentence)
