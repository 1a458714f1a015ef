"""``nexus.python``: only what is exposed can be called, as it is annotated; nothing of this machine comes back."""

from __future__ import annotations

import asyncio
import datetime as dt
import enum
import functools
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

import nexus_jupyter
from nexus_jupyter.errors import CapabilityError, HandlerError, OptionError
from nexus_jupyter.sandbox.extensions import ExtensionContext, PythonFunctions
from nexus_jupyter.sandbox.extensions.discretion import discreet
from nexus_jupyter.sandbox.extensions.exposed import ExposedFunctions, named_functions


def call(function: Any, *args: Any) -> Any:
    return asyncio.run(PythonFunctions(ExtensionContext(panel="p", functions={"f": function})).call("f", args))


class Color(enum.Enum):
    RED = "red"


class Order(BaseModel):
    id: int
    tags: list[str] = []


class Row(TypedDict):
    a: int


@dataclass
class Point:
    x: float
    y: float = 0.0


def typed(annotation: Any) -> Any:
    def f(value: Any) -> str:
        return repr(value)

    f.__annotations__["value"] = annotation
    return f


@pytest.mark.parametrize(
    ("annotation", "given_", "seen"),
    [
        (tuple[int, str], [1, "a"], (1, "a")),
        (set[int], [1, 1], {1}),
        (dt.datetime, "2024-01-02T03:04:05", dt.datetime(2024, 1, 2, 3, 4, 5)),
        (dt.date, "2024-01-02", dt.date(2024, 1, 2)),
        (int, 5.0, 5),
        (float, 5, 5.0),
        (Color, "red", Color.RED),
        (Path, "a/b", Path("a/b")),
        (Literal["a"], "a", "a"),
        (int | None, None, None),
        (list[Order], [{"id": 1}], [Order(id=1)]),
        (Row, {"a": 1}, {"a": 1}),
        (pd.DataFrame, [{"a": 1}], [{"a": 1}]),  # Pydantic has no meaning for it
        ("no_such_name", 1, 1),
        (Any, {"b": 1}, {"b": 1}),
    ],
)
def test_arguments_become_what_they_are_annotated_to_be(annotation: Any, given_: Any, seen: Any) -> None:
    assert call(typed(annotation), given_) == repr(seen)


@pytest.mark.parametrize(
    ("annotation", "given_", "reason"),
    [
        (int, "many", "value: "),
        (int, 1.5, "value: "),
        (str, 1, "value: "),
        (str, None, "value: "),
        (dt.date, "yesterday", "value: "),
        (list[int], [1, "x"], "value.1: "),
        (list[Order], [{"id": "x"}], "value.0.id: "),
        (Literal["a", "b"], "c", "value: "),
        (Point, {"x": "left"}, "value.x: "),
    ],
)
def test_wrong_arguments_are_refused_with_parameter_and_reason(annotation: Any, given_: Any, reason: str) -> None:
    with pytest.raises(HandlerError) as caught:
        call(typed(annotation), given_)
    assert caught.value.code == "PYTHON_ARGUMENTS"
    assert caught.value.message.startswith(f"f(): {reason}")


def test_one_object_is_by_name_and_other_names_are_refused() -> None:
    def f(a: int, b: str = "x") -> list[Any]:
        return [a, b]

    assert call(f, {"a": 1}) == [1, "x"]
    assert call(f, {"b": "y", "a": 1}) == [1, "y"]
    assert call(f, 1, "y") == [1, "y"]
    for args, word in [
        (({"a": 1, "evil": 2},), "no argument called 'evil'"),
        (({"a": 1, "__class__": 2},), "no argument called '__class__'"),
        (({"b": "y"},), "a is missing"),
        ((1, "y", 3), "too many"),
        ((), "missing"),
    ]:
        with pytest.raises(HandlerError, match=word) as caught:
            call(f, *args)
        assert caught.value.code == "PYTHON_ARGUMENTS"
        assert caught.value.message.startswith("f(a, b?): ")


def test_an_object_with_none_of_its_names_is_the_first_argument() -> None:
    def f(record: dict[str, int]) -> int:
        return sum(record.values())

    assert call(f, {"x": 1, "y": 2}) == 3


def test_a_function_that_takes_any_names_takes_no_dunder_names() -> None:
    def f(*values: int, **named: int) -> list[Any]:
        return [list(values), named]

    assert call(f, 1, 2) == [[1, 2], {}]
    assert call(f, {"a": 1}) == [[], {"a": 1}]
    for args in [("x",), ({"a": "x"},), ({"__class__": 1},)]:
        with pytest.raises(HandlerError) as caught:
            call(f, *args)
        assert caught.value.code == "PYTHON_ARGUMENTS"


def test_a_default_of_none_may_be_given() -> None:
    def f(name: str = None) -> str:  # type: ignore[assignment]  # noqa: RUF013
        return "nobody" if name is None else name

    assert call(f, None) == "nobody"
    assert call(f) == "nobody"


def test_what_is_called_may_be_anything_callable() -> None:
    class Counter:
        n = 2

        def __call__(self, by: int) -> int:
            return self.n + by

        def bound(self, by: int) -> int:
            return self.n - by

    @functools.wraps(Counter.bound)
    def wrapped(*args: Any) -> Any:
        return Counter().bound(*args[1:])

    async def later(by: int) -> int:
        await asyncio.sleep(0)
        return by

    assert call(Counter(), 1) == 3
    assert call(Counter().bound, 1) == 1
    assert call(functools.partial(Counter().bound, 2)) == 0
    assert call(later, 3) == 3
    assert call(max, 1, 5) == 5
    assert call(wrapped, None, 1) == 1
    for function in (Counter(), Counter().bound, later):
        with pytest.raises(HandlerError, match="by: "):
            call(function, "x")


@pytest.mark.parametrize(
    ("annotation", "value", "json"),
    [
        (list[dict[str, Any]], pd.DataFrame({"a": [1]}), [{"a": 1}]),
        (dict[str, float], {"a": np.float64(1.5)}, {"a": 1.5}),
        (list[float], [1.0, float("nan")], [1.0, None]),
        (dt.date, dt.date(2024, 1, 2), "2024-01-02"),
        (tuple[int, int], (1, 2), [1, 2]),
        (Order, Order(id=1), {"id": 1, "tags": []}),
        (None, None, None),
        (pd.DataFrame, pd.DataFrame({"a": [1]}), [{"a": 1}]),
    ],
)
def test_a_result_is_json_and_what_it_is_annotated_to_be(annotation: Any, value: Any, json: Any) -> None:
    def f() -> Any:
        return value

    f.__annotations__["return"] = annotation
    assert call(f) == json


@pytest.mark.parametrize(("annotation", "value"), [(int, "x"), (list[int], ["x"]), (None, 1), (Order, {"id": "x"}), (str, None)])
def test_a_result_that_is_not_is_refused(annotation: Any, value: Any) -> None:
    def f() -> Any:
        return value

    f.__annotations__["return"] = annotation
    with pytest.raises(HandlerError, match=r"^f\(\) gave back what its annotation does not say: result") as caught:
        call(f)
    assert caught.value.code == "PYTHON_RESULT"


@pytest.mark.parametrize(
    "name", ["g", "f.__globals__", "__class__", "__init__", "f.__code__", "os.system", "", "constructor", "context", "call"]
)
def test_nothing_but_the_exposed_can_be_called(name: str) -> None:
    def f() -> int:
        return 1

    with pytest.raises(CapabilityError):
        asyncio.run(PythonFunctions(ExtensionContext(panel="p", functions={"f": f})).call(name, ()))


@pytest.mark.parametrize("name", ["a.b", "__class__", "__init__", "", "1a", "class", "constructor", "prototype", "then", "a b"])
def test_no_other_name_can_be_exposed(name: str) -> None:
    with pytest.raises(OptionError):
        ExposedFunctions().expose(len, name)
    with pytest.raises(OptionError):
        named_functions({name: len})


def test_a_million_elements_are_no_problem_for_the_check() -> None:
    def f(values: list[int]) -> int:
        return len(values)

    assert call(f, [1] * 1_000_000) == 1_000_000


SECRET = "the-secret-of-a-local"


def raising(error: BaseException) -> Any:
    def f() -> None:
        secret = SECRET
        raise error from RuntimeError(secret)

    return f


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no such day"), "f() raised ValueError: no such day"),
        (KeyError("a"), "f() raised KeyError: 'a'"),
        (ValueError(), "f() raised ValueError"),
        (FileNotFoundError(2, "No such file or directory", "/home/ada/x.csv"), "f() raised FileNotFoundError: No such file or directory"),
        (ValueError("cannot read '/home/ada lovelace/x.csv' now"), "f() raised ValueError: cannot read '[path]' now"),
        (ValueError("cannot read /home/ada/x.csv: gone"), "f() raised ValueError: cannot read [path]: gone"),
        (ValueError(r"C:\Users\ada\x.csv is gone"), "f() raised ValueError: [path] is gone"),
        (ValueError("file:///home/ada/x and ~/y"), "f() raised ValueError: [path] and [path]"),
        (ValueError("https://example.org/a/b gives 1/2 and n/a"), "f() raised ValueError: https://example.org/a/b gives 1/2 and n/a"),
        (ValueError(f"bad {object()!r}"), "f() raised ValueError: bad an object"),
        (ValueError("first\nsecond"), "f() raised ValueError: first"),
    ],
)
def test_an_exception_is_its_type_and_message(error: Exception, said: str) -> None:
    with pytest.raises(HandlerError) as caught:
        call(raising(error))
    assert caught.value.message == said
    assert caught.value.name == type(error).__name__
    assert caught.value.stack == ""
    assert SECRET not in str(caught.value)


def test_a_failed_validation_inside_does_not_show_its_values() -> None:
    def f() -> None:
        Order.model_validate({"id": SECRET})

    with pytest.raises(HandlerError, match=r"f\(\) raised ValidationError: id: ") as caught:
        call(f)
    assert SECRET not in str(caught.value)


def test_our_own_errors_show_no_paths_either(tmp_path: Path) -> None:
    def f() -> None:
        nexus_jupyter.load(tmp_path / "missing.nxml")

    with pytest.raises(HandlerError) as caught:
        call(f)
    assert str(tmp_path) not in str(caught.value)
    assert caught.value.code == "INVALID_OPTION"


@given(
    st.sampled_from([str(Path.home()), str(Path.cwd()), sys.prefix, tempfile.gettempdir(), "/srv/data", "/etc"]),
    st.sampled_from(["", "/", "/x.csv", "/a b/c.csv", "/ä/b"]),
    st.text(alphabet="abc '\"():,= ", max_size=12),
    st.text(alphabet="abc '\"():,= ", max_size=12),
)
def test_no_folder_of_this_machine_is_in_a_message(folder: str, rest: str, before: str, after: str) -> None:
    if not (before and before[-1].isalnum()):
        assert folder not in discreet(f"{before}{folder}{rest}{after}")
    assert os.fspath(Path.cwd()) not in discreet(f"{before}{Path.cwd()}{rest}{after}")
