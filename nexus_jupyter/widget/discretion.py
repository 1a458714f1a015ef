"""What visitors are told of what a panel has to say."""

from __future__ import annotations

from ..protocol import ErrorInfo, HookState, KernelMessage, Reject, Result, Snapshot


def for_visitors(message: KernelMessage) -> KernelMessage:
    """The message as visitors get it: of an error what happened, and neither where in the document nor what its author can do."""
    if isinstance(message, Snapshot):
        return message.model_copy(update={"visitor": True, "hooks": tuple(for_visitors(hook) for hook in message.hooks)})
    if isinstance(message, Result | Reject | HookState) and message.error is not None:
        return message.model_copy(update={"error": ErrorInfo(code=message.error.code, message=message.error.message)})
    return message
