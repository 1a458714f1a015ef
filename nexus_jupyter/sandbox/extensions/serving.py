"""One call of an extension, within the limits that the host keeps."""

from __future__ import annotations

import asyncio
import json

from pydantic import JsonValue

from ...errors import LimitError
from ...protocol import ExtensionCall
from ..limits import Limits
from .base import Extension


async def serve(extension: Extension, wish: ExtensionCall, slots: asyncio.Semaphore, limits: Limits) -> JsonValue:
    """What the extension gives back.  ``slots`` are those of the tool's call: so many calls at a time.

    Raises LimitError (``result_bytes``), and what the extension raises.
    """
    # no time limit here: the call's host ends it at its deadline, and with it what it waits for
    async with slots:
        value = await extension.call(wish.method, wish.args)
    size = len(json.dumps(value, ensure_ascii=False))
    if size > limits.result_bytes:
        # here the handler can catch it; at the sandbox's wall it would end the whole call
        raise LimitError(
            f"{wish.method}() gave back {size:,} bytes; at most {limits.result_bytes:,} may enter the sandbox.",
            limit="result_bytes",
            allowed=limits.result_bytes,
            used=size,
            hint="Give back less, e.g. a summary or a page of it.",
        )
    return value
