"""``nexus.sql``: queries over the data frames that Python exposed to a panel."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import JsonValue

from ...errors import CapabilityError, HandlerError, LimitError, StateError
from ..values import to_json
from .base import Extension, method
from .discretion import discreet
from .loop import in_thread
from .statement import read_statement

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_ROWS = 10_000
MAX_BYTES = 2 * 1024 * 1024
MEMORY = "256MB"
_BATCH = 500
# Set at the start, or before the configuration is locked: nothing outside the frames can be read, written or loaded.
_AT_START: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": MEMORY,
    "temp_directory": "",  # nothing is swapped to disk
    "python_enable_replacements": "false",  # else a name of a Python variable would be a table
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
}
_THEN = ("SET max_expression_depth = 250", "SET enable_external_access = false", "SET lock_configuration = true")
_AGAIN = 0.1


class SqlQueries(Extension):
    """Reads ``context.frames`` with DuckDB: each query in a database of its own, in memory, gone with its answer."""

    name: ClassVar[str] = "nexus.sql"

    @method("sql:query")
    async def query(self, statement: str, parameters: list[Any] | dict[str, Any] | None = None) -> dict[str, Any]:
        """Runs one statement that reads; the rows as records, and the names of their columns.

        Raises HandlerError: the statement cannot be read, does more than read, or fails.  LimitError: more than 10,000
        rows, 2 MiB or 256 MB of memory.  CapabilityError: there is no such database, or no DuckDB.
        """
        database = self.context.options.get("database")
        if database:
            raise CapabilityError(
                f"the database {str(database)[:80]!r} is not configured.",
                hint="Leave the option out to query the frames that Python exposes.",
            )
        run = _Run(self.context.frames, statement, parameters)
        try:
            result: dict[str, Any] = await in_thread(run.result)
        finally:
            _stop(run, asyncio.get_running_loop())
        return result


class _Run:
    """One query, in the thread that calls ``result``; ``interrupt`` may be called from any."""

    def __init__(self, frames: Mapping[str, object], statement: str, parameters: list[Any] | dict[str, Any] | None) -> None:
        self.ended = False
        self._frames = frames
        self._statement = statement
        self._parameters = parameters
        self._connection: DuckDBPyConnection | None = None
        self._lock = threading.Lock()

    def interrupt(self) -> None:
        """Stop what runs now."""
        with self._lock:
            if self._connection is not None:
                self._connection.interrupt()

    def result(self) -> dict[str, Any]:
        """``rows`` and ``columns``."""
        try:
            import duckdb
        except ImportError:
            self.ended = True
            raise CapabilityError("nexus.sql needs DuckDB, which is not installed.", hint="pip install 'nexus-jupyter[sql]'") from None
        connection = duckdb.connect(":memory:", config=_AT_START)
        with self._lock:
            self._connection = connection
        try:
            return self._read(connection)
        except duckdb.OutOfMemoryException:
            raise LimitError(f"the query needs more memory than {MEMORY}.", limit="sql_memory", hint="Ask for less.") from None
        except duckdb.Error as error:
            raise _failed(error) from None
        finally:
            with self._lock:
                self._connection = None
                self.ended = True
            connection.close()

    def _read(self, connection: DuckDBPyConnection) -> dict[str, Any]:
        frames = dict(self._frames)
        statement = read_statement(self._statement, frames, connection)
        for name in statement.frames:
            connection.register(name, _as_it_is_now(frames[name]))
        for setting in _THEN:
            connection.execute(setting).fetchall()
        cursor = connection.execute(statement.text, self._parameters)
        columns = [str(each[0]) for each in cursor.description or ()]
        for name in columns:
            if columns.count(name) > 1:
                raise HandlerError(f"two columns are called {name[:80]!r}.", name="TypeError", code="SQL_ERROR", hint="Name one with AS.")
        return {"rows": _records(cursor, columns), "columns": columns}


def _records(cursor: DuckDBPyConnection, columns: list[str]) -> list[JsonValue]:
    rows: list[JsonValue] = []
    size = 0
    while batch := cursor.fetchmany(_BATCH):
        if len(rows) + len(batch) > MAX_ROWS:
            raise LimitError(
                f"the result has more than {MAX_ROWS:,} rows.",
                limit="sql_rows",
                allowed=MAX_ROWS,
                hint="Ask for fewer with LIMIT, or aggregate.",
            )
        try:
            records = [to_json(dict(zip(columns, map(_plain, row), strict=True)), f"row {len(rows) + i}") for i, row in enumerate(batch)]
        except StateError as error:
            raise HandlerError(error.message, name="TypeError", code="SQL_RESULT", hint="Convert the column with CAST.") from None
        size += len(json.dumps(records, ensure_ascii=False).encode("utf-8", "replace"))
        if size > MAX_BYTES:
            raise LimitError(
                f"the result has more than {MAX_BYTES:,} bytes.",
                limit="sql_bytes",
                allowed=MAX_BYTES,
                hint="Ask for fewer rows or columns.",
            )
        rows += records
    return rows


def _plain(value: object) -> object:
    if isinstance(value, dt.timedelta):
        return str(value)
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return None  # as what is missing: JSON has no infinity
    return value


def _as_it_is_now(frame: object) -> object:
    # a copy without its data (pandas copies when it writes): the notebook may change the frame while the query runs
    return frame.copy(deep=False) if type(frame).__module__.partition(".")[0] == "pandas" and hasattr(frame, "copy") else frame


def _failed(error: Exception) -> HandlerError:
    text = str(error)
    if "No module named 'pyarrow'" in text:
        return HandlerError(
            "this frame can be queried only with pyarrow, which is not installed.",
            name="SqlError",
            code="SQL_ERROR",
            hint="pip install pyarrow",
        )
    lines = text.strip().splitlines()
    return HandlerError(discreet(lines[0])[:300] if lines else "the query failed.", name="SqlError", code="SQL_ERROR")


def _stop(run: _Run, loop: asyncio.AbstractEventLoop) -> None:
    # again until it has ended: an interrupt that comes just before the statement starts is lost
    if not run.ended:
        run.interrupt()
        loop.call_later(_AGAIN, _stop, run, loop)
