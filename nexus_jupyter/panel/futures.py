"""Settling a future that somebody else may have settled first."""

from __future__ import annotations

from concurrent.futures import Future, InvalidStateError
from typing import Any, TypeVar

T = TypeVar("T")


def settle(future: Future[T], value: T) -> None:
    """Set a result unless the future was settled before."""
    try:
        future.set_result(value)
    except InvalidStateError:
        return


def settle_error(future: Future[Any], error: BaseException) -> None:
    """Set an error unless the future was settled before."""
    try:
        future.set_exception(error)
    except InvalidStateError:
        return
