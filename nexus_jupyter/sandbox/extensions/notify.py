"""``nexus.notify``: short notes, as plain text, on the pages that show a panel."""

from __future__ import annotations

import time
import unicodedata
from collections import deque
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...diagnostics import visible
from ...errors import HandlerError, LimitError
from .base import Extension, ExtensionContext, method

MAX_TEXT = 500
MAX_PER_MINUTE = 10
MINUTE = 60.0
_JOINERS = "\u200c\u200d"  # some scripts and emoji need them


class ShowOptions(BaseModel):
    """How a note is shown."""

    model_config = ConfigDict(extra="forbid")

    level: Literal["success", "info", "warning", "error"] = "info"
    auto_close: Annotated[bool, Field(alias="autoClose")] = True


class Notifications(Extension):
    """Publishes ``notify`` events with ``text``, ``level`` and ``autoClose``; at most ten a minute."""

    name: ClassVar[str] = "nexus.notify"

    def __init__(self, context: ExtensionContext) -> None:
        super().__init__(context)
        self._shown: deque[float] = deque()

    @method("notify:show")
    async def show(self, message: str, options: ShowOptions | None = None) -> None:
        """Shows ``message``, its first 500 characters, on one line.

        Raises LimitError: it would be the eleventh within a minute.  HandlerError: there is nothing to show.
        """
        text = plain(message)
        if not text:
            raise HandlerError("a notification needs a text.", name="TypeError", code="INVALID_ARGUMENT")
        now = time.monotonic()
        while self._shown and now - self._shown[0] >= MINUTE:
            self._shown.popleft()
        if len(self._shown) >= MAX_PER_MINUTE:
            raise LimitError(
                f"the panel has shown {MAX_PER_MINUTE} notifications within a minute, which is the limit.",
                limit="notifications",
                allowed=MAX_PER_MINUTE,
                hint="Show less, or one for several.",
            )
        self._shown.append(now)
        chosen = options or ShowOptions()
        self.context.publish("notify", {"text": text, "level": chosen.level, "autoClose": chosen.auto_close})


def plain(message: str) -> str:
    """``message`` on one line, cut to 500 characters; what would hide or reorder its text is shown as a sign, or gone."""
    line = " ".join(message[: 4 * MAX_TEXT].split())
    shown = "".join(c for c in visible(line) if c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return shown if len(shown) <= MAX_TEXT else shown[: MAX_TEXT - 1] + "…"
