"""Hands revisions to the store on a thread of its own, many in one transaction when they come fast."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ..errors import NexusError
from ..nog.store import RevisionStore, StoredRevision

SNAPSHOT_EVERY = 200
MAX_PENDING = 64 * 1024 * 1024
"""Characters that may wait for the disk; with more than that the disk does not follow."""


class Journal:
    """Owns the writer thread.  The store itself belongs to whoever opened it."""

    def __init__(self, store: RevisionStore, log: logging.Logger, *, keep: int = 1_000) -> None:
        self._store = store
        self._log = log
        self._keep = keep
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="nexus-store")
        self._lock = threading.Lock()
        self._pending: list[StoredRevision] = []
        self._size = 0
        self._whole: tuple[int, Callable[[], str]] | None = None
        self._scheduled = False
        self._failure = ""

    @property
    def failure(self) -> str:
        """Why nothing is stored any more, "" while all is well."""
        return self._failure

    def record(self, number: int, body: str, whole: Callable[[], str] | None = None) -> None:
        """Store revision ``number`` soon; ``whole`` makes the state at it, when one is due (see ``due``)."""
        if self._failure:
            return
        with self._lock:
            self._pending.append((number, body))
            self._size += len(body)
            if whole is not None:
                self._whole = (number, whole)
            if self._size > MAX_PENDING:
                self._fail("the disk does not follow")
                return
            if self._scheduled:
                return
            self._scheduled = True
        self._executor.submit(self._write)

    @staticmethod
    def due(number: int) -> bool:
        """Whether the whole state is stored with this revision, so that a start replays few of them."""
        return number % SNAPSHOT_EVERY == 0

    async def since(self, revision: int, until: int) -> tuple[StoredRevision, ...] | None:
        """What was recorded after ``revision`` up to ``until``, or None if not all of it is kept."""
        if until - revision > self._keep + SNAPSHOT_EVERY:
            return None
        # one thread: what was recorded before is written before
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._read, revision, until)

    def close(self) -> None:
        """Write what is left and end the thread."""
        self._executor.submit(self._write)
        self._executor.shutdown(wait=True)

    def _write(self) -> None:
        with self._lock:
            batch, whole = self._pending, self._whole
            self._pending, self._whole, self._size, self._scheduled = [], None, 0, False
        if self._failure:
            return
        try:
            self._store.append(batch)
            if whole is not None:
                self._store.put_snapshot(whole[0], whole[1](), keep=self._keep)
        except NexusError as error:
            self._fail(str(error))

    def _read(self, revision: int, until: int) -> tuple[StoredRevision, ...] | None:
        if self._failure:
            return None
        try:
            return self._store.since(revision, until)
        except NexusError as error:
            self._fail(str(error))
            return None

    def _fail(self, reason: str) -> None:
        self._failure = reason
        self._pending, self._whole, self._size = [], None, 0
        self._log.error("nexus: revisions are no longer stored: %s", reason)
