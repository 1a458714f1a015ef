"""Proposals by an AI: context of a panel, typed edits of its document, frozen proposals, signed review.

An answer of a model is hostile data from beginning to end: it becomes a proposal that a person reads, and
nothing in this room can apply one without a signature of a reviewer's key.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .context import AIContextBuilder, Context
    from .edits import Edit, EditError, apply_edits
    from .generator import AIPatchGenerator, Generated, GenerationError
    from .proposal import make_proposal, proposal_hash
    from .provider import ChatMessage, NoProviderError, Provider, ProviderError, ScriptedProvider, provider_for
    from .review import ReviewDesk, ReviewError

_HOMES = {
    "AIContextBuilder": ".context",
    "AIPatchGenerator": ".generator",
    "ChatMessage": ".provider",
    "Context": ".context",
    "Edit": ".edits",
    "EditError": ".edits",
    "Generated": ".generator",
    "GenerationError": ".generator",
    "NoProviderError": ".provider",
    "Provider": ".provider",
    "ProviderError": ".provider",
    "ReviewDesk": ".review",
    "ReviewError": ".review",
    "ScriptedProvider": ".provider",
    "apply_edits": ".edits",
    "make_proposal": ".proposal",
    "proposal_hash": ".proposal",
    "provider_for": ".provider",
}

__all__ = [
    "AIContextBuilder",
    "AIPatchGenerator",
    "ChatMessage",
    "Context",
    "Edit",
    "EditError",
    "Generated",
    "GenerationError",
    "NoProviderError",
    "Provider",
    "ProviderError",
    "ReviewDesk",
    "ReviewError",
    "ScriptedProvider",
    "apply_edits",
    "make_proposal",
    "proposal_hash",
    "provider_for",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home, __name__), name)
    globals()[name] = value
    return value
