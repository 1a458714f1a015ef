"""Who answers: models by way of litellm, an endpoint that speaks OpenAI's protocol, or a script.

A provider gives text; what the text may do is no business of its.  Keys stay in the environment and in
the server's own configuration: no message, log or error carries one.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ..errors import NexusError

KEY_VARIABLE = "NEXUS_AI_KEY"

OnText = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


class Provider(Protocol):
    """Something that can be asked."""

    @property
    def name(self) -> str:
        """What answers, for people: ``openai/gpt-x``."""

    async def answer(self, messages: Sequence[ChatMessage], *, on_text: OnText) -> str:
        """The whole answer; ``on_text`` is called with each piece as it comes.

        What ``on_text`` raises ends the answer and is raised here.

        Raises ProviderError: there is none, or it broke off.
        """


class ProviderError(NexusError):
    """The model could not be asked or did not answer properly.  Codes: AI_FAILED, AI_TIMEOUT, AI_REFUSED."""

    code = "AI_FAILED"
    status = 502


class NoProviderError(NexusError):
    """No AI is configured; the hint says how to."""

    code = "AI_UNAVAILABLE"
    status = 503


@dataclass
class ScriptedProvider:
    """Gives ``answers`` one after the other, for tests of panels and of what asks an AI.

    An answer may be a function of the messages.  ``requests`` are the messages of each call.  When the
    script is at its end, it raises ProviderError.  ``piece`` is how many characters come at a time.
    """

    answers: Iterable[str | Callable[[Sequence[ChatMessage]], str]]
    name: str = "script"
    piece: int = 64
    requests: list[tuple[ChatMessage, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._left = iter(self.answers)

    async def answer(self, messages: Sequence[ChatMessage], *, on_text: OnText) -> str:
        """The script's next answer."""
        self.requests.append(tuple(messages))
        given = next(self._left, None)
        if given is None:
            raise ProviderError("the script has no more answers.")
        text = given if isinstance(given, str) else given(messages)
        for start in range(0, len(text), self.piece):
            on_text(text[start : start + self.piece])
        return text


def provider_for(settings: Mapping[str, Any], *, endpoint: str = "", model: str = "") -> Provider:
    """Who answers on this server.

    In order: the endpoint that the server's configuration names (``endpoint`` and ``model``), then the
    model that is configured in jupyter-ai (``settings`` are the Jupyter server's).

    Raises NoProviderError: there is neither.
    """
    from .endpoint import EndpointProvider
    from .model import LiteLLMProvider, configured_model

    if endpoint:
        if not model:
            raise NoProviderError(
                "an AI endpoint is set, but no model.", hint="Set NexusExtension.ai_model to the name of a model that the endpoint serves."
            )
        return EndpointProvider(endpoint, model, key=os.environ.get(KEY_VARIABLE, ""))
    configured = configured_model(settings)
    if configured is not None:
        return LiteLLMProvider(*configured)
    if "jupyternaut.config_manager" in settings:
        raise NoProviderError(
            "no model is chosen in jupyter-ai.",
            hint="Choose one in the Jupyternaut settings, or set NexusExtension.ai_endpoint and ai_model.",
        )
    raise NoProviderError(
        "no AI is configured.",
        hint="Set NexusExtension.ai_endpoint and NexusExtension.ai_model to a server that speaks OpenAI's protocol, "
        "or install nexus-jupyter[ai] and choose a model in the Jupyternaut settings.",
    )


async def collect(pieces: AsyncGenerator[str], on_text: OnText) -> str:
    """All of ``pieces`` as one text, each told to ``on_text`` first."""
    out: list[str] = []
    async with aclosing(pieces):
        async for piece in pieces:
            if piece:
                on_text(piece)
                out.append(piece)
    return "".join(out)
