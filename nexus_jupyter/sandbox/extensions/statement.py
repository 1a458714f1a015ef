"""Whether a SQL statement only reads the frames that it may read, told from its syntax tree before anything of it runs.

The engine's own settings forbid files, networks and extensions as well; this is the second wall, and the one that says why.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import HandlerError, LimitError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_LENGTH = 20_000
_QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_SOURCES = frozenset({"BASE_TABLE", "JOIN", "SUBQUERY", "TABLE_FUNCTION", "EMPTY", "EXPRESSION_LIST", "PIVOT"})
_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest", "json_each", "json_tree"})
# What tells of this machine or of other statements, waits, changes something, or makes one huge value of a small one:
# the engine neither interrupts that nor counts it as memory.
_FUNCTIONS = frozenset(
    {
        *("current_setting", "getenv", "getvariable", "sleep_ms", "pg_sleep", "write_log"),
        *("json_serialize_sql", "json_serialize_plan", "json_deserialize_sql", "nextval", "currval", "setval", "setseed"),
        *("repeat", "range", "generate_series", "lpad", "rpad", "list_resize", "array_resize", "bar", "printf", "format"),
    }
)


@dataclass(frozen=True)
class Statement:
    """One statement that only reads; ``frames`` are the exposed names of the frames that it mentions."""

    text: str
    frames: tuple[str, ...]


def read_statement(text: str, exposed: Iterable[str], connection: DuckDBPyConnection) -> Statement:
    """The statement in ``text``.

    Raises HandlerError: it is not one statement (``SQL_ERROR``), does more than read (``SQL_NOT_ALLOWED``), or reads
    what is not exposed (``UNKNOWN_FRAME``).  LimitError: it is longer than 20,000 characters.
    """
    if len(text) > MAX_LENGTH:
        raise LimitError(
            f"the statement has {len(text):,} characters.", limit="statement", allowed=MAX_LENGTH, hint=f"{MAX_LENGTH:,} are allowed."
        )
    row = connection.execute("select json_serialize_sql(?::varchar)", [text]).fetchall()
    tree: dict[str, Any] = json.loads(row[0][0])
    if tree.get("error"):
        reason = str(tree.get("error_message") or "it cannot be read").splitlines()[0][:300]
        if "Only SELECT" in reason:
            raise _not_allowed("a query only reads, with SELECT")
        raise HandlerError(f"the statement cannot be read: {reason}.", name="SyntaxError", code="SQL_ERROR")
    if len(tree["statements"]) != 1:
        raise _not_allowed("a query is one statement")
    tables, ctes = _walk(tree["statements"][0])
    names = {name.lower(): name for name in exposed}
    for table in sorted(tables - ctes - names.keys()):
        known = ", ".join(sorted(names.values())) or "none"
        raise HandlerError(
            f"there is no frame called {table[:80]!r}.",
            name="ReferenceError",
            code="UNKNOWN_FRAME",
            hint=f"Exposed: {known}. Python exposes one with panel.expose_frame('name', frame).",
        )
    return Statement(text, tuple(names[table] for table in sorted(tables & names.keys())))


def _walk(statement: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The tables and the names of common table expressions, in lower case."""
    if statement.get("node", {}).get("type") not in _QUERIES:
        raise _not_allowed("a query only reads, with SELECT")
    tables: set[str] = set()
    ctes: set[str] = set()
    waiting: list[Any] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        if not isinstance(node, dict):
            continue
        kind = node.get("type")
        if isinstance(kind, str) and "class" not in node:
            if kind.endswith("_NODE") and kind not in _QUERIES:
                raise _not_allowed("a query only reads, with SELECT")
            if "sample" in node and "alias" in node and kind not in _SOURCES:
                raise _not_allowed("a query reads from frames")
        if kind == "BASE_TABLE":
            if node.get("schema_name") or node.get("catalog_name"):
                raise _not_allowed("frames are read by their plain names")
            tables.add(str(node["table_name"]).lower())
        elif kind == "TABLE_FUNCTION":
            node = _table_function(node)
        elif node.get("class") == "FUNCTION" and str(node.get("function_name", "")).lower() in _FUNCTIONS:
            raise _not_allowed(f"a query cannot use the function {node['function_name']}")
        if "cte_map" in node:
            ctes.update(str(entry["key"]).lower() for entry in node["cte_map"]["map"])
        if "cte_name" in node:
            ctes.add(str(node["cte_name"]).lower())
        waiting += node.values()
    return tables, ctes


def _table_function(node: dict[str, Any]) -> dict[str, Any]:
    """What of a call in FROM is still to be looked at: its arguments."""
    function = node.get("function") or {}
    if str(function.get("function_name", "")).lower() not in _TABLE_FUNCTIONS:
        raise _not_allowed(f"a query reads from frames, and of functions from {', '.join(sorted(_TABLE_FUNCTIONS))}")
    return {"arguments": function.get("arguments", []), "rest": [v for k, v in node.items() if k not in ("function", "type")]}


def _not_allowed(reason: str) -> HandlerError:
    return HandlerError(f"this statement is not allowed: {reason}.", name="SecurityError", code="SQL_NOT_ALLOWED")
