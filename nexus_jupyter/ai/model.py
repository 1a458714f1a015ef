"""The model that is configured in jupyter-ai, by way of litellm."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from .provider import ChatMessage, OnText, ProviderError, collect

SILENCE_SECONDS = 120.0

# What this provider decides itself; a configured value of the same name does not count.
_OURS = {"model", "messages", "stream", "tools", "tool_choice", "functions", "function_call", "n", "response_format"}


def configured_model(settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The model of jupyter-ai's chat and its arguments, None when none is chosen or jupyter-ai is absent.

    jupyter-ai has no public way to ask for it; this reads what its own personas read.
    """
    config = settings.get("jupyternaut.config_manager")
    if config is None:
        return None
    model = getattr(config, "chat_model", None)
    if isinstance(model, str) and model:
        return model, dict(getattr(config, "chat_model_args", None) or {})
    for custom in getattr(config, "custom_models", None) or ():
        model_id = getattr(custom, "model_id", None)
        if isinstance(model_id, str) and model_id:
            return model_id, dict(getattr(custom, "params", None) or {})
    return None


class LiteLLMProvider:
    """Asks ``model`` (litellm's name) with ``arguments``, which may hold a key and are never shown."""

    def __init__(self, model: str, arguments: Mapping[str, Any] | None = None) -> None:
        self._model = model
        self._arguments = {name: value for name, value in (arguments or {}).items() if name not in _OURS}

    @property
    def name(self) -> str:
        """The model."""
        return self._model

    def __repr__(self) -> str:
        return f"<LiteLLMProvider {self._model}>"

    async def answer(self, messages: Sequence[ChatMessage], *, on_text: OnText) -> str:
        """The model's answer.  Raises ProviderError."""
        return await collect(self._pieces(messages), on_text)

    async def _pieces(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[str]:
        # importing it takes seconds, and the server has other things to do
        litellm = await asyncio.to_thread(_litellm)
        arguments = {"timeout": SILENCE_SECONDS, **self._arguments}
        try:
            stream = await litellm.acompletion(
                model=self._model, messages=[{"role": m.role, "content": m.content} for m in messages], stream=True, **arguments
            )
        except Exception as error:
            raise self._failed(error) from None
        try:
            while True:
                try:
                    chunk = await anext(stream)
                except StopAsyncIteration:
                    return
                except Exception as error:
                    raise self._failed(error) from None
                choices = getattr(chunk, "choices", None)
                if choices:
                    content = getattr(getattr(choices[0], "delta", None), "content", None)
                    if isinstance(content, str):
                        yield content
        finally:
            if (close := getattr(stream, "aclose", None)) is not None:
                await close()

    def _failed(self, error: Exception) -> ProviderError:
        # litellm's texts repeat addresses and parts of keys: only the kind and the status are told
        status = getattr(error, "status_code", None)
        what = f"{type(error).__name__}{f', status {status}' if isinstance(status, int) else ''}"
        return ProviderError(
            f"the model {self._model} could not be asked ({what}).",
            hint="Check its name, address and key in the Jupyternaut settings.",
        )


def _litellm() -> Any:
    # without it the import asks the network for a list of prices
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    try:
        import litellm
    except ImportError:
        raise ProviderError("litellm is not installed.", hint="Install nexus-jupyter[ai].") from None
    return litellm
