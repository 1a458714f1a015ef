from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from nexus_jupyter.ai import ChatMessage, NoProviderError, Provider, ProviderError, ScriptedProvider, provider_for
from nexus_jupyter.ai.endpoint import EndpointProvider
from nexus_jupyter.ai.model import LiteLLMProvider, configured_model
from nexus_jupyter.ai.provider import KEY_VARIABLE

from .openai_server import start

MESSAGES = [ChatMessage("system", "be brief"), ChatMessage("user", "# The request\n\nsay hello")]


def ask(provider: Provider, pieces: list[str] | None = None, messages: Sequence[ChatMessage] = MESSAGES) -> str:
    return asyncio.run(provider.answer(messages, on_text=lambda piece: None if pieces is None else pieces.append(piece)))


def config(**values: Any) -> dict[str, Any]:
    return {"jupyternaut.config_manager": SimpleNamespace(**{"chat_model": None, "chat_model_args": {}, "custom_models": [], **values})}


def test_an_endpoint_streams_its_answer() -> None:
    pieces: list[str] = []
    with start({"hello": "Hello, 世界! " * 20}) as server:
        provider = EndpointProvider(server.url, "test-model", key="sk-1")
        assert ask(provider, pieces) == "Hello, 世界! " * 20
    assert len(pieces) > 3
    assert server.requests[0]["messages"] == [{"role": m.role, "content": m.content} for m in MESSAGES]
    assert server.requests[0]["model"] == "test-model"
    assert server.headers[0]["Authorization"] == "Bearer sk-1"


def test_without_a_key_none_is_sent() -> None:
    with start({"": "x"}) as server:
        ask(EndpointProvider(server.url, "m"))
    assert "Authorization" not in server.headers[0]


@pytest.mark.parametrize(("status", "hint"), [(401, "key"), (404, "ai_model"), (429, "later"), (500, "log"), (302, "log")])
def test_a_refusal_is_a_clear_error_without_what_the_endpoint_said(status: int, hint: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with start({"": status}) as server, pytest.raises(ProviderError, match=f"status {status}") as caught:
        ask(EndpointProvider(server.url, "m", key="sk-mine-123"))
    assert hint in caught.value.hint
    for secret in ("sk-secret", "sk-mine-123"):
        assert secret not in str(caught.value)
        assert secret not in caplog.text


def test_an_endpoint_that_is_not_there_is_a_clear_error() -> None:
    with start({}) as server:
        url = server.url
    with pytest.raises(ProviderError, match="could not be reached"):
        ask(EndpointProvider(url, "m"))


def test_an_end_of_the_listener_ends_the_stream() -> None:
    class EnoughError(Exception):
        pass

    def listen(piece: str) -> None:
        raise EnoughError

    with start({"": "x" * 100_000}, chunk=10) as server, pytest.raises(EnoughError):
        asyncio.run(EndpointProvider(server.url, "m").answer(MESSAGES, on_text=listen))


@pytest.mark.parametrize("url", ["", "ftp://x/v1", "http://", "not an address", "http://user:secret@127.0.0.1/v1", "http://[::1/v1"])
def test_an_unusable_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(NoProviderError) as caught:
        EndpointProvider(url, "m")
    assert "secret" not in str(caught.value)


def test_a_key_shows_nowhere() -> None:
    provider = EndpointProvider("http://127.0.0.1:1/v1", "m", key="sk-mine-123")
    assert "sk-mine" not in repr(provider) + provider.name
    other = LiteLLMProvider("openai/m", {"api_key": "sk-mine-123"})
    assert "sk-mine" not in repr(other) + other.name


def test_the_setting_comes_before_the_model_of_jupyter_ai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "sk-env")
    settings = config(chat_model="openai/chat")
    chosen = provider_for(settings, endpoint="http://127.0.0.1:1/v1", model="m")
    assert isinstance(chosen, EndpointProvider)
    assert chosen.name == "m at 127.0.0.1:1"
    assert provider_for(settings).name == "openai/chat"


def test_the_model_of_jupyter_ai_is_found() -> None:
    assert configured_model({}) is None
    assert configured_model(config()) is None
    assert configured_model(config(chat_model="a/b", chat_model_args={"api_base": "x"})) == ("a/b", {"api_base": "x"})
    custom = SimpleNamespace(model_id="c/d", params={"temperature": 0})
    assert configured_model(config(custom_models=[custom])) == ("c/d", {"temperature": 0})


@pytest.mark.parametrize(
    ("settings", "options", "what"),
    [({}, {}, "ai_endpoint"), (config(), {}, "Jupyternaut settings"), ({}, {"endpoint": "http://127.0.0.1:1/v1"}, "ai_model")],
)
def test_without_a_provider_it_says_what_to_do(settings: dict[str, Any], options: dict[str, str], what: str) -> None:
    with pytest.raises(NoProviderError) as caught:
        provider_for(settings, **options)
    assert what in caught.value.hint


def test_litellm_asks_the_configured_model_and_hides_what_it_says_of_keys() -> None:
    code = """
import asyncio, json, sys
from nexus_jupyter.ai import ChatMessage, ProviderError
from nexus_jupyter.ai.model import LiteLLMProvider
assert "litellm" not in sys.modules
provider = LiteLLMProvider("openai/test-model", {"api_base": sys.argv[1], "api_key": "sk-mine-123", "stream": False, "max_retries": 0})
for word in ("hello", "refuse"):
    messages = [ChatMessage("user", "# The request\\n\\n" + word)]
    pieces = []
    try:
        text = asyncio.run(provider.answer(messages, on_text=pieces.append))
        print(json.dumps([text, len(pieces)]))
    except ProviderError as error:
        print(json.dumps([error.code, str(error)]))
"""
    with start({"hello": "Hello from afar. " * 20, "refuse": 401}) as server:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, server.url],
            capture_output=True,
            text=True,
            timeout=240,
            env=clean_environment(),
        )
        assert done.returncode == 0, done.stderr
        assert "sk-mine-123" not in done.stdout + done.stderr
    assert "Hello from afar. Hello" in done.stdout
    assert '"AI_FAILED"' in done.stdout
    assert "AuthenticationError, status 401" in done.stdout
    assert "sk-secret" not in done.stdout
    assert server.requests[0]["stream"] is True
    assert server.requests[0]["model"] == "test-model"


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and "API_KEY" not in name}


def test_a_script_keeps_what_it_was_asked() -> None:
    provider = ScriptedProvider(["one", lambda messages: messages[-1].content.upper()])
    assert [ask(provider), ask(provider)] == ["one", "# THE REQUEST\n\nSAY HELLO"]
    assert provider.requests == [tuple(MESSAGES)] * 2
