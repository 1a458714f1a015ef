"""``nexus.store``: values that outlive the kernel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from pydantic import JsonValue

from ...errors import HandlerError, LimitError, StateError
from ..data_folder import private_data_folder
from ..values import FORBIDDEN_KEYS, to_json
from .base import Extension, method
from .loop import in_thread
from .value_file import ValueFile

T = TypeVar("T")

MAX_KEY = 256
MAX_VALUE = 256 * 1024


class ValueStore(Extension):
    """JSON values by key, of one panel of one notebook, or of the workspace (option ``scope``).

    The host alone says whose they are: no key reaches another namespace.  Of keys and values there may be 1,000 and
    1 MiB in a namespace, a key has up to 256 bytes and a value up to 256 KiB; a write that passes a limit stores nothing.
    """

    name: ClassVar[str] = "nexus.store"

    @method("store:read")
    async def get(self, key: str) -> Any:
        """The value, None when there is none."""
        _check(key)
        text = await self._do(lambda file: file.get(self._namespace, key))
        return None if text is None else json.loads(text)

    @method("store:write")
    async def set(self, key: str, value: Any) -> None:
        """Store a value.  Raises LimitError: it passes a quota.  HandlerError: the key is not allowed."""
        _check(key)
        try:
            text = json.dumps(to_json(value, "the value"), ensure_ascii=False, separators=(",", ":"))
            size = len(text.encode())
        except StateError as error:
            raise HandlerError(error.message, name="TypeError", hint=error.hint, code="INVALID_ARGUMENT") from None
        except UnicodeEncodeError:
            raise HandlerError("the value holds half of a character.", name="TypeError", code="INVALID_ARGUMENT") from None
        if size > MAX_VALUE:
            raise LimitError(
                f"the value has {size:,} bytes; at most {MAX_VALUE:,} are allowed.",
                limit="store_value",
                allowed=MAX_VALUE,
                hint="Store less.",
            )
        await self._do(lambda file: file.set(self._namespace, key, text))

    @method("store:write")
    async def delete(self, key: str) -> bool:
        """Whether there was a value."""
        _check(key)
        return await self._do(lambda file: file.delete(self._namespace, key))

    @method("store:read")
    async def keys(self, prefix: str = "") -> list[str]:
        """The keys that begin with ``prefix``, sorted."""
        if prefix:
            _check(prefix, reserved=frozenset())
        return await self._do(lambda file: file.keys(self._namespace, prefix))

    @property
    def _namespace(self) -> str:
        scope = self.context.options.get("scope", "panel")
        owner = ("workspace",) if scope == "workspace" else ("panel", self.context.notebook, self.context.panel)
        # of a list as JSON, so that no name of a notebook or panel can look like another pair of names
        return hashlib.sha256(json.dumps(owner).encode()).hexdigest()

    async def _do(self, work: Callable[[ValueFile], T]) -> T:
        def use() -> T:
            try:
                folder = private_data_folder()
            except (OSError, RuntimeError) as error:
                raise HandlerError("the folder of the store cannot be used.", name="StoreError", code="STORE_UNAVAILABLE") from error
            return work(ValueFile(folder))

        result: T = await in_thread(use)
        return result


def _check(key: JsonValue, reserved: frozenset[str] = FORBIDDEN_KEYS) -> None:
    assert isinstance(key, str)
    if not key:
        raise HandlerError("a key is a text that is not empty.", name="TypeError", code="INVALID_ARGUMENT")
    if key in reserved:
        raise HandlerError(
            f"the key {key!r} is one that a panel never takes.", name="TypeError", code="INVALID_ARGUMENT", hint="Rename it."
        )
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise HandlerError("the key holds half of a character.", name="TypeError", code="INVALID_ARGUMENT") from None
    if "\0" in key:  # SQLite would end the text there
        raise HandlerError("a key holds no NUL character.", name="TypeError", code="INVALID_ARGUMENT")
    if size > MAX_KEY:
        raise LimitError(f"the key has {size:,} bytes; at most {MAX_KEY} are allowed.", limit="store_key", allowed=MAX_KEY)
