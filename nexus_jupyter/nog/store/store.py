"""The workspace store: revisions for clients that resume, proposals and approvals for people."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from sqlalchemy import delete, insert, select

from .base import Database, _set
from .engine import sqlite_engine
from .errors import GapError
from .interface import StoredRevision, StoredWorkspace
from .review import Reviews
from .tables import revisions, snapshots


class WorkspaceStore(Reviews, Database):
    """Implements ``RevisionStore`` and ``ReviewStore`` with SQLAlchemy.  Synchronous; any thread."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the SQLite file ``path``, made if it is not there, or one in memory.

        Raises StoreError (not writable, in use, damaged) and NewerStoreError.
        """
        self.path = path
        super().__init__(sqlite_engine(path), name=str(path) if path is not None else "in memory")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def epoch(self) -> str:
        return self._epoch

    @property
    def revision(self) -> int:
        return self._revision

    @property
    def persistent(self) -> bool:
        return self.path is not None

    def append(self, revisions_: Sequence[StoredRevision]) -> None:
        """Add revisions, all or none.  Raises GapError unless they follow the last stored one."""
        if not revisions_:
            return
        now = time.time()
        with self._transaction() as connection:
            for place, (number, _) in enumerate(revisions_, self._revision + 1):
                if number != place:
                    raise GapError(f"revision {number} was to be stored, {place} is the next one")
            connection.execute(insert(revisions), [{"number": n, "body": body, "time": now} for n, body in revisions_])
        self._revision = revisions_[-1][0]

    def put_snapshot(self, number: int, body: str, *, keep: int) -> None:
        """Put the whole state at ``number`` in place of older ones; of the revisions before it the last ``keep`` stay."""
        with self._transaction() as connection:
            connection.execute(delete(snapshots))
            connection.execute(insert(snapshots).values(number=number, body=body, time=time.time()))
            connection.execute(delete(revisions).where(revisions.c.number <= number - keep))
        self._revision = max(self._revision, number)

    def load(self) -> StoredWorkspace:
        """What is stored.  Raises GapError when revisions between it are missing."""
        with self._transaction() as connection:
            row = connection.execute(select(snapshots.c.number, snapshots.c.body).order_by(snapshots.c.number.desc()).limit(1)).first()
            first = row.number if row is not None else 0
            found = connection.execute(
                select(revisions.c.number, revisions.c.body).where(revisions.c.number > first).order_by(revisions.c.number)
            ).all()
        later = tuple((r.number, r.body) for r in found)
        if [n for n, _ in later] != list(range(first + 1, first + 1 + len(later))):
            raise GapError(f"the workspace store {self._name} lacks revisions after {first}")
        return StoredWorkspace(snapshot=(row.number, row.body) if row is not None else None, revisions=later)

    def since(self, revision: int, until: int) -> tuple[StoredRevision, ...] | None:
        """The revisions after ``revision`` up to ``until``, or None if not all of them are kept."""
        with self._transaction() as connection:
            found = connection.execute(
                select(revisions.c.number, revisions.c.body)
                .where(revisions.c.number > revision, revisions.c.number <= until)
                .order_by(revisions.c.number)
            ).all()
        if [r.number for r in found] != list(range(revision + 1, until + 1)):
            return None
        return tuple((r.number, r.body) for r in found)

    def restart(self, body: str) -> None:
        """Begin a new epoch at the last number with the whole state ``body``; what was stored is forgotten."""
        epoch = uuid.uuid4().hex
        with self._transaction() as connection:
            connection.execute(delete(revisions))
            connection.execute(delete(snapshots))
            connection.execute(insert(snapshots).values(number=self._revision, body=body, time=time.time()))
            _set(connection, "epoch", epoch)
        self._epoch = epoch
