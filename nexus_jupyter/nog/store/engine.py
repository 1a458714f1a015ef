"""Connections to SQLite as the store needs them: write-ahead log, every commit on the disk, one process at a time."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from .errors import StoreError

BUSY_MS = 3_000
"""How long to wait for another process that is letting go of the file."""


def _private_file(path: Path) -> None:
    """Make ``path`` for nobody else, and its folder if it is not there: proposals hold the text of notebooks."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise StoreError(
            f"the workspace store {path} cannot be written: {error.strerror or error}",
            hint="Make its folder writable, or name another file in NexusExtension.database.",
        ) from error


def sqlite_engine(path: Path | None) -> Engine:
    """An engine with exactly one connection to the file ``path``, or to memory if None.

    The connection may be used on any thread, by one at a time.  It holds the file for itself: a second process gets
    "database is locked" after ``BUSY_MS``.
    """
    if path is not None:
        _private_file(path)
    url = f"sqlite:///{path}" if path is not None else "sqlite://"
    engine = create_engine(
        url, poolclass=StaticPool, connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # the driver would begin a transaction late and end it by itself; SQLAlchemy's own begin is the only one
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            # before the log's first use: then no shared memory is needed, and the lock ends with the process
            cursor.execute("PRAGMA locking_mode = EXCLUSIVE")
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("PRAGMA trusted_schema = OFF")
        finally:
            cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def pragma(connection: Connection, name: str) -> Any:
    """The value of a pragma, for checks."""
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()
