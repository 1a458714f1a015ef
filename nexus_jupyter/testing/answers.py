"""What a test answers in the place of extensions and functions."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import JsonValue

from ..errors import CapabilityError, HandlerError, NexusError
from ..sandbox.extensions import Extension
from ..sandbox.extensions.base import Signature
from ..sandbox.extensions.loop import in_thread
from ..sandbox.values import to_json


@dataclass(eq=False)
class _Waiting:
    args: tuple[Any, ...]
    named: dict[str, Any]
    loop: asyncio.AbstractEventLoop
    outcome: asyncio.Future[Any]


class Answer:
    """An answer that the test gives when it wants to: the call waits until then, and the panel shows that it does.

    Hand it over in the place of a function: ``later = Answer(); p.grant("http", get=later)``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []

    async def __call__(self, *args: Any, **named: Any) -> Any:
        """What the panel calls."""
        loop = asyncio.get_running_loop()
        one = _Waiting(args, named, loop, loop.create_future())
        with self._lock:
            self._waiting.append(one)
        try:
            return await one.outcome
        finally:
            with self._lock:
                if one in self._waiting:  # cancelled, or its time is over
                    self._waiting.remove(one)

    @property
    def calls(self) -> list[tuple[Any, ...]]:
        """The arguments of the calls that wait, the first first."""
        with self._lock:
            return [(*one.args, *([one.named] if one.named else [])) for one in self._waiting]

    def give(self, value: Any = None) -> None:
        """Answer the call that has waited longest.  Use ``Rendered`` to look at what comes of it.

        Raises LookupError: none waits.
        """
        self._settle(lambda outcome: outcome.set_result(value))

    def fail(self, error: BaseException | str) -> None:
        """Let that call fail, with an exception or a message.  Raises LookupError: none waits."""
        raised = HandlerError(error) if isinstance(error, str) else error
        self._settle(lambda outcome: outcome.set_exception(raised))

    def _settle(self, how: Callable[[asyncio.Future[Any]], None]) -> None:
        with self._lock:
            if not self._waiting:
                raise LookupError("no call waits for this answer")
            one = self._waiting.pop(0)
        one.loop.call_soon_threadsafe(lambda: None if one.outcome.done() else how(one.outcome))


class Answered(Extension):
    """In the place of an extension: the arguments are checked as it would, then the test's functions answer."""

    timeout = None  # the tool's own limit holds, in the time of the test
    real: ClassVar[type[Extension]]
    alias: ClassVar[str]
    answers: ClassVar[Mapping[str, Any]]

    @classmethod
    def capability(cls, name: str) -> str | None:
        return cls.real.capability(name)

    @classmethod
    def methods(cls) -> tuple[str, ...]:
        return cls.real.methods()

    async def call(self, method: str, args: tuple[JsonValue, ...]) -> JsonValue:
        """Have the test answer.  Raises CapabilityError: it does not answer this method.  HandlerError: its function raised."""
        if method not in self.answers:
            raise CapabilityError(f"the test gives no answer to {self.alias}.{method}.", hint=f"p.grant({self.alias!r}, {method}=…)")
        answer = self.answers[method]
        bound = Signature.of(self.name, getattr(self.real, method)).bind(args)
        return to_json(await self._answer(method, answer, bound), f"the answer to {method}()")

    async def _answer(self, method: str, answer: Any, args: tuple[Any, ...]) -> Any:
        if not callable(answer):
            return answer
        try:
            if isinstance(answer, Answer) or inspect.iscoroutinefunction(answer):
                return await answer(*args)
            result = await in_thread(lambda: answer(*args))
            return await result if inspect.isawaitable(result) else result
        except NexusError:
            raise
        except Exception as error:
            raise HandlerError(str(error) or f"{method} failed", name=type(error).__name__) from error


def answered(alias: str, real: type[Extension], answers: Mapping[str, Any]) -> type[Extension]:
    """The class that answers for the extension ``real``, which the document declares as ``alias``."""
    return type("Answered", (Answered,), {"name": real.name, "real": real, "alias": alias, "answers": dict(answers)})
