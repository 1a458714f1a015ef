"""The file that ``nexus.store`` keeps its values in: SQLite, shared by all kernels of a user."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from ...errors import HandlerError, LimitError

logger = logging.getLogger(__name__)

T = TypeVar("T")

FILE = "values.sqlite"
MAX_KEYS = 1_000
MAX_TOTAL = 1024 * 1024
BUSY_SECONDS = 10.0
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_TABLE = """
create table if not exists value (
  namespace text not null, key text not null, json text not null, size integer not null, primary key (namespace, key)
) without rowid
"""


class ValueFile:
    """Values by namespace and key.  Nothing is open between two calls, so nothing needs to be closed.

    Each method is one transaction and may be called from any thread and any process; one that finds the file busy waits
    for ten seconds.  A damaged file is set aside and a new one begun; the call that found it out says so.

    Raises HandlerError (``STORE_UNAVAILABLE``, ``STORE_DAMAGED``).
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def get(self, namespace: str, key: str) -> str | None:
        """The JSON text of a value."""

        def read(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("select json from value where namespace = ? and key = ?", (namespace, key)).fetchone()
            return None if row is None else str(row[0])

        return self._do(read)

    def set(self, namespace: str, key: str, text: str) -> None:
        """Store a value.  Raises LimitError: the namespace would hold more than 1,000 keys or 1 MiB of keys and values."""
        size = len(key.encode()) + len(text.encode())

        def write(connection: sqlite3.Connection) -> None:
            others = "select count(*), coalesce(sum(size), 0) from value where namespace = ? and key <> ?"
            count, total = connection.execute(others, (namespace, key)).fetchone()
            if count + 1 > MAX_KEYS:
                raise LimitError(
                    f"the store holds {count:,} keys, which is the limit.", limit="store_keys", allowed=MAX_KEYS, hint="Delete some first."
                )
            if total + size > MAX_TOTAL:
                raise LimitError(
                    f"the store would hold {total + size:,} bytes; at most {MAX_TOTAL:,} are allowed.",
                    limit="store_bytes",
                    allowed=MAX_TOTAL,
                    hint="Store less, or delete something first.",
                )
            connection.execute("insert or replace into value values (?, ?, ?, ?)", (namespace, key, text, size))

        self._do(write)

    def delete(self, namespace: str, key: str) -> bool:
        """Whether there was one."""
        return self._do(lambda c: c.execute("delete from value where namespace = ? and key = ?", (namespace, key)).rowcount > 0)

    def keys(self, namespace: str, prefix: str) -> list[str]:
        """The keys that begin with ``prefix``, in order of their code points."""
        select = "select key from value where namespace = ? and substr(key, 1, ?) = ? order by key"
        return self._do(lambda c: [str(row[0]) for row in c.execute(select, (namespace, len(prefix), prefix))])

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        file = 0
        try:
            # made beforehand, so that it never is readable by others, not for a moment
            handle = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
            file = os.fstat(handle).st_ino
            os.close(handle)
            with self._transaction() as connection:
                return work(connection)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "").startswith(_DAMAGED):
                self._set_aside(file)
                raise HandlerError(
                    "the file of the store was damaged and has been set aside; what was stored is gone.",
                    name="StoreError",
                    code="STORE_DAMAGED",
                    hint=f"Calling again begins a new one; the old one is kept beside it as {FILE}.damaged.",
                ) from error
            # locked, full, read-only: what is stored is as it was
            raise HandlerError(
                f"the store cannot be used now: {_reason(error)}.", name="StoreError", code="STORE_UNAVAILABLE", hint="Try again later."
            ) from error
        except OSError as error:
            raise HandlerError(
                f"the store cannot be used: {error.strerror or type(error).__name__}.", name="StoreError", code="STORE_UNAVAILABLE"
            ) from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            # of two processes that do this to a new file one may be turned away; then the other one does it
            with contextlib.suppress(sqlite3.OperationalError):
                connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")
            connection.execute("pragma trusted_schema = off")
            # at once for writing: a transaction that began to read could not wait for another one's end
            connection.execute("begin immediate")
            try:
                connection.execute(_TABLE)
                yield connection
            except BaseException:
                if connection.in_transaction:
                    connection.rollback()
                raise
            connection.commit()

    def _set_aside(self, file: int) -> None:
        try:
            if os.stat(self.path).st_ino != file:
                return  # another process has done it already
        except OSError:
            return
        logger.error("the file %s is damaged; it is kept as %s.damaged", self.path, self.path.name)
        with contextlib.suppress(OSError):
            os.replace(self.path, self.path.with_name(f"{FILE}.damaged"))
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(OSError):
                self.path.with_name(FILE + suffix).unlink()


def _reason(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "") or ""
    if "BUSY" in name or "LOCKED" in name:
        return "another kernel is using it"
    if "FULL" in name:
        return "the disk is full"
    if "READONLY" in name:
        return "its file cannot be written"
    return "its file cannot be opened" if "CANTOPEN" in name else "the disk failed"
