"""Whether those who look at this kernel's panels are its owners or visitors, and what visitors are told.

Voila shows a notebook to anybody who may open its address.  A visitor's page can send the kernel any comm
message, but may run no code, and must not reach what leads to that.
"""

from __future__ import annotations

import os

from ..protocol import ErrorInfo, HookState, KernelMessage, Reject, Result, Snapshot


def serves_visitors() -> bool:
    """True in a kernel that Voila started, alone or inside of Jupyter Server, warmed in advance or not."""
    return "VOILA_PREHEAT" in os.environ or os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")


def for_visitors(message: KernelMessage) -> KernelMessage:
    """The message as visitors get it: of an error what happened, and neither where in the document nor what its author can do."""
    if isinstance(message, Snapshot):
        return message.model_copy(update={"visitor": True, "hooks": tuple(for_visitors(hook) for hook in message.hooks)})
    if isinstance(message, Result | Reject | HookState) and message.error is not None:
        return message.model_copy(update={"error": ErrorInfo(code=message.error.code, message=message.error.message)})
    return message
