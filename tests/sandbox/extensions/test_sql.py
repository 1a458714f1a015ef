"""``nexus.sql``: frames are read and nothing else is, whatever the statement says."""

from __future__ import annotations

import asyncio
import builtins
import datetime as dt
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nexus_jupyter.errors import CapabilityError, HandlerError, LimitError, OptionError
from nexus_jupyter.sandbox.extensions import ExtensionContext
from nexus_jupyter.sandbox.extensions.exposed import ExposedFrames
from nexus_jupyter.sandbox.extensions.sql import MAX_ROWS, SqlQueries

ORDERS = pd.DataFrame(
    {
        "id": [1, 2, 3],
        "total": [10.5, None, 300.0],
        "customer": ["Ada", "Bob", None],
        "day": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"]),
    }
)


def extension(frames: Mapping[str, object] | None = None, **options: Any) -> SqlQueries:
    return SqlQueries(ExtensionContext(panel="p", options=options, frames={"orders": ORDERS} if frames is None else frames))


def query(*args: Any, **options: Any) -> Any:
    return asyncio.run(extension(**options).call("query", args))


def test_rows_are_records_and_columns_are_in_order() -> None:
    found = query("select id, total, customer, day from orders order by id")
    assert found == {
        "columns": ["id", "total", "customer", "day"],
        "rows": [
            {"id": 1, "total": 10.5, "customer": "Ada", "day": "2024-01-01T00:00:00"},
            {"id": 2, "total": None, "customer": "Bob", "day": "2024-02-01T00:00:00"},
            {"id": 3, "total": 300.0, "customer": None, "day": "2024-03-01T00:00:00"},
        ],
    }


@pytest.mark.parametrize(
    ("statement", "parameters", "rows"),
    [
        ("select id from orders where total > ?", [100], [{"id": 3}]),
        ("select id from orders where customer = $who", {"who": "Bob"}, [{"id": 2}]),
        ("select ? as x", ["'; drop table orders; --"], [{"x": "'; drop table orders; --"}]),
        ("from ORDERS select count(*) as n", None, [{"n": 3}]),
        ("with big as (select * from orders where total > 100) select sum(total) as s from big", None, [{"s": 300.0}]),
        ("with recursive t(n) as (select 1 union all select n + 1 from t where n < 3) select max(n) as n from t", None, [{"n": 3}]),
        ("select a.id from orders a join orders b on a.id = b.id + 2", None, [{"id": 3}]),
        ("select max(range) as n from range(5)", None, [{"n": 4}]),
        ("values (1)", None, [{"col0": 1}]),
        (
            "select interval 3 day as i, 'nan'::double as nan, 'inf'::double as inf",
            None,
            [{"i": "3 days, 0:00:00", "nan": None, "inf": None}],
        ),
    ],
)
def test_a_statement_may_read_in_any_way(statement: str, parameters: Any, rows: list[dict[str, Any]]) -> None:
    assert query(statement, parameters)["rows"] == rows


def test_a_query_sees_the_frame_as_it_is() -> None:
    frames = ExposedFrames()
    queries = extension(frames)
    frames.expose("t", pd.DataFrame({"a": [1]}))
    assert asyncio.run(queries.call("query", ("select a from t",))) == {"columns": ["a"], "rows": [{"a": 1}]}
    frames.expose("t", pd.DataFrame({"a": [2]}))
    assert asyncio.run(queries.call("query", ("select a from t",)))["rows"] == [{"a": 2}]  # type: ignore[call-overload, index]


hidden = pd.DataFrame({"secret": [1]})

ATTACKS = [
    "copy orders to '{folder}/x.csv'",
    "copy (select 1) to '{folder}/x.csv'",
    "attach '{folder}/x.db'",
    "export database '{folder}'",
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/etc/passwd')",
    "select * from read_parquet('/etc/passwd')",
    "select * from '/etc/passwd'",
    "select * from glob('/*')",
    "select (select content from read_text('/etc/passwd')) as x",
    "with x as (from read_text('/etc/passwd')) from x",
    "select * from orders where id in (select 1 from read_csv('/etc/passwd'))",
    "install httpfs",
    "load httpfs",
    "pragma database_list",
    "call pragma_version()",
    "set threads = 4",
    "reset threads",
    "select 1; select 2",
    "create table x (a int)",
    "create or replace view orders as select 1",
    "insert into orders values (1)",
    "delete from orders",
    "with x as (insert into orders values (1) returning *) select 1",
    "drop view orders",
    "explain analyze select 1",
    "select getenv('HOME') as x",
    "select current_setting('temp_directory') as x",
    "select main.current_setting('temp_directory') as x",
    "select * from duckdb_settings()",
    "select * from duckdb_secrets()",
    "select * from duckdb_functions()",
    "select * from information_schema.tables",
    "select * from pg_catalog.pg_class",
    "select * from duckdb_views",
    "select * from hidden",
    "select * from test_sql.hidden",
    "select * from pandas_scan(1)",
    "select * from arrow_scan(1, 2, 3)",
    "select * from query('select 1')",
    "select * from query_table('orders')",
    "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "select json_serialize_sql('select 1') as x",
    "select sleep_ms(10000) as x",
    "select write_log('x') as x",
    "select length(repeat('a', 1000000000)) as n",
    "select list_sum(range(100000000)) as n",
    "select lpad('a', 1000000000, 'b') as n",
    "show tables",
    "describe orders",
    "prepare p as select 1",
    "begin transaction",
    "selec 1",
    "",
    "select " + "(" * 3000 + "1" + ")" * 3000,
]


@pytest.mark.parametrize("statement", ATTACKS)
def test_no_statement_does_anything_else(statement: str, tmp_path: Path) -> None:
    with pytest.raises(HandlerError) as caught:
        query(statement.replace("{folder}", str(tmp_path)))
    assert caught.value.code in ("SQL_NOT_ALLOWED", "UNKNOWN_FRAME", "SQL_ERROR")
    assert "root:" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_text('/etc/passwd')",
        "select * from hidden",
        "copy (select 1) to '{folder}/x.csv'",
        "set threads = 4",
        "load httpfs",
    ],
)
def test_the_engine_refuses_by_itself_what_the_syntax_tree_would_let_through(
    statement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nexus_jupyter.sandbox.extensions import sql
    from nexus_jupyter.sandbox.extensions.statement import Statement

    monkeypatch.setattr(sql, "read_statement", lambda text, *_: Statement(text, ()))
    with pytest.raises(HandlerError) as caught:
        query(statement.replace("{folder}", str(tmp_path)))
    assert caught.value.code == "SQL_ERROR"
    assert list(tmp_path.iterdir()) == []


def test_rows_are_limited_and_the_limit_itself_is_allowed() -> None:
    assert len(query(f"select * from range({MAX_ROWS})")["rows"]) == MAX_ROWS
    with pytest.raises(LimitError) as caught:
        query(f"select * from range({MAX_ROWS + 1})")
    assert caught.value.code == "LIMIT_SQL_ROWS"


def test_bytes_memory_and_the_statement_are_limited() -> None:
    wide = pd.DataFrame({"text": ["x" * 1000] * 5000})
    with pytest.raises(LimitError) as caught:
        query("select * from wide", frames={"wide": wide})
    assert caught.value.code == "LIMIT_SQL_BYTES"
    with pytest.raises(LimitError) as caught:
        query("select * from range(100000000) order by hash(range) limit 3 offset 90000000")
    assert caught.value.code == "LIMIT_SQL_MEMORY"
    with pytest.raises(LimitError) as caught:
        query("select 1 -- " + "x" * 20_000)
    assert caught.value.code == "LIMIT_STATEMENT"


CROSS = "select count(*) as n from range(10000000000) a, range(1000000) b where a.range + b.range = 7"


def test_a_query_that_takes_too_long_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqlQueries, "timeout", 0.2)
    with pytest.raises(HandlerError) as caught:
        query(CROSS)
    assert caught.value.code == "EXTENSION_TIMEOUT"  # that its thread has ended is what the leak guard holds


def test_a_cancelled_query_is_interrupted() -> None:
    async def cancel() -> None:
        task = asyncio.create_task(extension().call("query", (CROSS,)))
        while not any(t.name == "nexus-function" for t in threading.enumerate()):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while any(t.name == "nexus-function" for t in threading.enumerate()):
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(cancel(), 30))


@pytest.mark.parametrize(
    ("statement", "parameters", "code"),
    [
        ("select ? + ? as x", [1], "SQL_ERROR"),
        ("select $a as x", {"b": 1}, "SQL_ERROR"),
        ("select 'x'::int as x", None, "SQL_ERROR"),
        ("select missing from orders", None, "SQL_ERROR"),
        ("select 1 as a, 2 as a", None, "SQL_ERROR"),
        ("select 'x'::blob as x", None, "SQL_RESULT"),
        ("select 170141183460469231731687303715884105727::hugeint as x", None, "SQL_RESULT"),
        ('select 1 as "__proto__"', None, "SQL_RESULT"),
        ("select 1", "text", "INVALID_ARGUMENT"),
    ],
)
def test_what_goes_wrong_is_said(statement: str, parameters: Any, code: str) -> None:
    with pytest.raises(HandlerError) as caught:
        query(statement, parameters)
    assert caught.value.code == code
    assert caught.value.message


def test_a_database_is_not_configured() -> None:
    with pytest.raises(CapabilityError, match="'sales' is not configured"):
        query("select 1", database="sales")


def test_without_duckdb_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name == "duckdb":
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(CapabilityError, match=r"nexus-jupyter\[sql\]"):
        query("select 1")


@pytest.mark.parametrize("name", ["", "a b", "a.b", "__proto__", "constructor", "select * from x", "class", "then"])
def test_names_of_frames_are_identifiers(name: str) -> None:
    with pytest.raises(OptionError):
        ExposedFrames().expose(name, ORDERS)


@pytest.mark.parametrize("thing", [1, [1], {"a": [1]}, dt.date(2024, 1, 1), pd.DataFrame, ORDERS["id"], time])
def test_only_frames_are_frames(thing: object) -> None:
    with pytest.raises(OptionError):
        ExposedFrames().expose("x", thing)


def test_two_names_that_are_one_in_sql_are_refused() -> None:
    frames = ExposedFrames()
    frames.expose("Orders", ORDERS)
    with pytest.raises(OptionError, match="one name in SQL"):
        frames.expose("orders", ORDERS)
    frames.withdraw("Orders")
    frames.expose("orders", ORDERS)
