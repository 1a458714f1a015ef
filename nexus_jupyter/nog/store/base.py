"""A store's connection, schema and transactions."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from .errors import NewerStoreError, StoreError
from .tables import SCHEMA, meta, metadata, revisions, snapshots


def _get(connection: Connection, name: str) -> str | None:
    return connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar()


def _set(connection: Connection, name: str, value: str) -> None:
    if connection.execute(update(meta).where(meta.c.name == name).values(value=value)).rowcount == 0:
        connection.execute(insert(meta).values(name=name, value=value))


class Database:
    """One engine; every transaction under one lock, for there is one connection."""

    def __init__(self, engine: Engine, *, name: str) -> None:
        """Open it: check or make the tables, begin a new epoch if the last process did not close the store.

        ``name`` is how messages call it.  Raises StoreError, NewerStoreError; the engine is disposed of then.
        """
        self._engine = engine
        self._name = name
        self._lock = threading.Lock()
        self._closed = False
        try:
            with self._transaction() as connection:
                self._open(connection)
        except BaseException:
            engine.dispose()
            raise

    def _open(self, connection: Connection) -> None:
        metadata.create_all(connection)
        schema = _get(connection, "schema")
        if schema is None:
            _set(connection, "schema", str(SCHEMA))
        elif not schema.isdecimal() or int(schema) > SCHEMA:
            raise NewerStoreError(
                f"the workspace store {self._name} has schema {schema}, this version knows {SCHEMA}",
                hint="Update nexus-jupyter, or move the file away to start with an empty one.",
            )
        epoch = _get(connection, "epoch")
        if epoch is None or _get(connection, "clean") != "1":
            # clients may have been told of revisions that the end of the process kept from the disk
            epoch = uuid.uuid4().hex
            _set(connection, "epoch", epoch)
        _set(connection, "clean", "0")
        self._epoch = epoch
        last = connection.execute(select(func.max(revisions.c.number))).scalar()
        whole = connection.execute(select(func.max(snapshots.c.number))).scalar()
        self._revision = max(last or 0, whole or 0)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """All that is done in it, or nothing.  Raises StoreError."""
        with self._lock:
            if self._closed:
                raise StoreError(f"the workspace store {self._name} is closed", code="STORE_CLOSED")
            try:
                with self._engine.begin() as connection:
                    yield connection
            except SQLAlchemyError as error:
                cause = getattr(error, "orig", None) or type(error).__name__
                raise StoreError(
                    f"the workspace store {self._name} failed: {cause}",
                    hint="Another Jupyter server may use it, or the disk may be full; a damaged file can be moved away.",
                ) from error

    def close(self) -> None:
        """Let go of the database.  A second call does nothing."""
        try:
            with self._transaction() as connection:
                _set(connection, "clean", "1")
        except StoreError:
            if self._closed:
                return
        finally:
            with self._lock:
                self._closed = True
                self._engine.dispose()
