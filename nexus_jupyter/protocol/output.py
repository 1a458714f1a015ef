"""What a notebook keeps of a panel below its cell, for when no kernel has the panel any more."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from .message import Message

OUTPUT_MIME = "application/vnd.nexus.panel+json"
OUTPUT_VERSION: Literal[1] = 1


class PanelOutput(Message):
    """The data of ``OUTPUT_MIME``; a reader takes no other ``version`` than its own.

    ``hash`` is the ``document_hash`` of the document.  The document itself is the cell's text and not in here, and neither is its
    program.  ``state`` is the committed state, None where it is too large for a notebook or not for others to read.
    """

    version: Literal[1] = OUTPUT_VERSION
    panel: str
    title: str
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    state: dict[str, JsonValue] | None = None


class AskKept(Message):
    """From a page that may be about to save the notebook: what is it to keep of the panel as it is now?"""

    kind: Literal["kept"] = "kept"


class KeptReply(Message):
    """The answer, by MIME type."""

    kind: Literal["kept"] = "kept"
    data: dict[str, JsonValue]
