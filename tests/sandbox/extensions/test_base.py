"""Methods of extensions: found by their marks, their arguments checked, their time and results bounded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from nexus_jupyter.errors import HandlerError, StateError
from nexus_jupyter.sandbox.extensions import Extension, ExtensionContext, method


class Options(BaseModel):
    """What a call may add."""

    model_config = ConfigDict(extra="forbid")

    loud: bool = False


class Echo(Extension):
    """Says it again."""

    name = "test.echo"
    timeout = 0.05

    @method("echo:say")
    async def say(self, text: str, options: Options | None = None) -> dict[str, Any]:
        """Says ``text``."""
        return {"text": text.upper() if options is not None and options.loud else text}

    @method("echo:wait")
    async def wait(self) -> None:
        """Takes too long."""
        await asyncio.sleep(60)

    @method("echo:wait")
    async def late(self) -> None:
        """Waits for something that has a limit of its own."""
        raise TimeoutError

    @method("echo:say")
    async def bad(self) -> object:
        """Gives what JSON cannot hold."""
        return float("inf")

    async def hidden(self) -> str:
        """No method for panels."""
        return "secret"


def call(name: str, *args: Any) -> Any:
    return asyncio.run(Echo(ExtensionContext(panel="p")).call(name, args))


def test_marked_methods_are_callable_by_name() -> None:
    assert Echo.methods() == ("say", "wait", "late", "bad")
    assert Echo.capability("say") == "echo:say"
    assert call("say", "x") == {"text": "x"}
    assert call("say", "x", {"loud": True}) == {"text": "X"}
    assert call("say", "x", None) == {"text": "x"}


@pytest.mark.parametrize("name", ["hidden", "call", "close", "_signatures", "__init__", "__class__", "context", "nope", ""])
def test_nothing_else_is(name: str) -> None:
    assert Echo.capability(name) is None
    with pytest.raises(HandlerError) as caught:
        call(name)
    assert caught.value.code == "UNKNOWN_METHOD"


@pytest.mark.parametrize(
    ("args", "word"),
    [
        ((), "text is missing"),
        ((1,), "text: "),
        (("x", {"loud": 1}), "options.loud"),
        (("x", {"soft": True}), "options.soft"),
        (("x", []), "options"),
        (("x", {}, 3), "takes 2 arguments, not 3"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_their_place(args: tuple[Any, ...], word: str) -> None:
    with pytest.raises(HandlerError, match=word) as caught:
        call("say", *args)
    assert caught.value.code == "INVALID_ARGUMENT"
    assert caught.value.message.startswith("test.echo.say(text, options?): ")


def test_a_method_ends_with_its_time() -> None:
    with pytest.raises(HandlerError, match="did not end within"):
        call("wait")


@pytest.mark.parametrize("timeout", [None, 5.0])
def test_a_limit_of_what_it_waits_for_is_not_told_as_its_own(monkeypatch: pytest.MonkeyPatch, timeout: float | None) -> None:
    monkeypatch.setattr(Echo, "timeout", timeout)
    with pytest.raises(HandlerError, match="waited too long for something") as caught:
        call("late")
    assert caught.value.code == "EXTENSION_TIMEOUT"


def test_a_result_is_json() -> None:
    with pytest.raises(StateError):
        call("bad")
