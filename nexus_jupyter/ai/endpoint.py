"""An endpoint that speaks OpenAI's chat protocol, by streaming HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any
from urllib.parse import urlsplit

from .provider import ChatMessage, NoProviderError, OnText, ProviderError, collect

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 120.0
MAX_EVENT = 1_000_000


class EndpointProvider:
    """Asks ``model`` at ``endpoint``, the address beneath which ``/chat/completions`` is.

    ``key`` is sent as a bearer token, "" sends none.  Redirects are not followed and no proxy or
    netrc of the environment is used, so that the key reaches the endpoint only.

    Raises NoProviderError: ``endpoint`` is no HTTP address.
    """

    def __init__(self, endpoint: str, model: str, *, key: str = "") -> None:
        try:
            parts = urlsplit(endpoint)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or parts.username is not None:
            # the address may carry a password, so it is not repeated
            raise NoProviderError(
                "the AI endpoint is no usable address.", hint="It looks like http://127.0.0.1:8000/v1, without user or password."
            )
        self._url = endpoint.rstrip("/") + "/chat/completions"
        self._where = parts.netloc
        self._model = model
        self._key = key

    @property
    def name(self) -> str:
        """The model and where it is."""
        return f"{self._model} at {self._where}"

    def __repr__(self) -> str:
        return f"<EndpointProvider {self.name}>"

    async def answer(self, messages: Sequence[ChatMessage], *, on_text: OnText) -> str:
        """The model's answer.  Raises ProviderError."""
        return await collect(self._pieces(messages), on_text)

    async def _pieces(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[str]:
        import httpx
        from httpx_sse import SSEError, aconnect_sse

        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        body = {"model": self._model, "stream": True, "messages": [{"role": m.role, "content": m.content} for m in messages]}
        limits = httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
        ended = False
        try:
            async with (
                httpx.AsyncClient(timeout=limits, trust_env=False, follow_redirects=False) as client,
                aconnect_sse(client, "POST", self._url, json=body, headers=headers) as source,
            ):
                if not source.response.is_success:
                    raise self._refused(source.response.status_code)
                async for event in source.aiter_sse():
                    if event.data == "[DONE]":
                        ended = True
                        break
                    piece, ended_here = self._piece(event.data)
                    ended = ended or ended_here
                    if piece:
                        yield piece
        except SSEError:
            raise ProviderError(
                f"{self._where} did not answer with a stream of events.", hint="Is it an endpoint that speaks OpenAI's chat protocol?"
            ) from None
        except httpx.TimeoutException:
            raise ProviderError(f"{self._where} did not answer in time.", hint="Try again.", code="AI_TIMEOUT") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # its text may hold what the other side sent
            raise ProviderError(
                f"{self._where} could not be reached or broke off ({type(error).__name__}).", hint="Is the AI endpoint running?"
            ) from None
        if not ended:
            raise ProviderError(f"the answer of {self._where} broke off.", hint="Try again.")

    def _refused(self, status: int) -> ProviderError:
        hint = {
            401: "The key in the server's environment is missing or wrong.",
            403: "The key in the server's environment may not use this model.",
            404: "Check NexusExtension.ai_endpoint and NexusExtension.ai_model.",
            429: "It has too much to do; try again later.",
        }.get(status, "The endpoint's own log has the reason.")
        return ProviderError(f"{self._where} refused the request with status {status}.", hint=hint, code="AI_REFUSED")

    def _piece(self, data: str) -> tuple[str, bool]:
        """The text of one event, and whether it is the last of the answer."""
        if len(data) > MAX_EVENT:
            raise ProviderError(f"{self._where} sent more at once than an answer can be.")
        try:
            event: Any = json.loads(data)
        except (ValueError, RecursionError):
            raise ProviderError(f"{self._where} sent an event that is no JSON.") from None
        if isinstance(event, dict) and event.get("error"):
            raise ProviderError(f"{self._where} ended the answer with an error.", hint="The endpoint's own log has the reason.")
        choices = event.get("choices") if isinstance(event, dict) else None
        if not isinstance(choices, list):
            raise ProviderError(f"{self._where} sent an event without choices.")
        text, ended = "", False
        for choice in choices[:1]:
            delta = choice.get("delta") if isinstance(choice, dict) else None
            content = delta.get("content") if isinstance(delta, dict) else None
            text = content if isinstance(content, str) else ""
            ended = isinstance(choice, dict) and choice.get("finish_reason") is not None
        return text, ended
