"""A request in a chat: which panel is meant, how the work gets on, where the proposal is reviewed."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import Protocol

from ..errors import NexusError
from ..protocol.proposal import ProposalRecord
from ..protocol.workspace import Ask, AskRequest, WorkspacePanel
from .fence import one_line

MAX_LISTED = 20
MAX_REQUEST = 20_000

_PUNCTUATION = re.compile(f"[{re.escape(string.punctuation)}]")
_QUOTED = re.compile(r"[`\"'“„«]([^`\"'“”„«»\n]{1,200})[`\"'”“»]")
_MENTION = re.compile(r"(?<!\S)@Nexus\b[:,]?\s*", re.IGNORECASE)


class Asker(Protocol):
    """What a conversation needs of the server's proposals."""

    def panels(self) -> tuple[WorkspacePanel, ...]:
        """The live panels."""

    def ask(self, request: AskRequest) -> Ask:
        """Starts a request."""

    async def next(self, ask: Ask) -> Ask:
        """Its next state."""

    def cancel(self, id: str) -> Ask:
        """Stops it."""

    async def proposal(self, id: str) -> ProposalRecord:
        """What came of it."""


async def converse(service: Asker, text: str, *, say: Callable[[str], object], progress: Callable[[str], object]) -> None:
    """Answer a chat message that asks for a change of a panel.

    ``say`` sends a message (Markdown), ``progress`` tells what is being done (plain text).  Nothing is
    approved here, and there is no way to.  Cancelling the awaiting task cancels the request.
    """
    request = _MENTION.sub("", text).strip()
    if not request:
        say("Tell me what to change, e.g. “add a reset button to the counter”.")
        return
    if len(request) > MAX_REQUEST:
        say(f"Your message is longer than {MAX_REQUEST:,} characters. Say it shorter.")
        return
    panels = service.panels()
    if not panels:
        say("No panel is live. Run a cell with a panel first, then ask again.")
        return
    meant = meant_panels(request, panels)
    if len(meant) != 1:
        which = meant or panels
        listed = "\n".join(f"- {_described(panel)}" for panel in which[:MAX_LISTED])
        more = f"\n- and {len(which) - MAX_LISTED} more" if len(which) > MAX_LISTED else ""
        say(f"Which panel do you mean? Say its name in quotes.\n\n{listed}{more}")
        return
    ask: Ask | None = None
    try:
        ask = service.ask(AskRequest(panel=meant[0].key, request=request))
        say(f"I am working on {_described(meant[0])}.")
        while ask.status == "running":
            progress(one_line(ask.phase, 200))
            ask = await service.next(ask)
        if ask.status == "done" and ask.proposal is not None:
            record = await service.proposal(ask.proposal)
            reason = escaped(record.proposal.reason, 1_000)
            say(
                f"A proposal is ready: {reason}\n\nReview it in the Nexus side panel, under *Review*: "
                "there you see the difference and a preview, and approve or reject it. I cannot apply it."
            )
        elif ask.status == "cancelled":
            say("The request was cancelled. Nothing was changed.")
        elif ask.error is not None:
            say(f"That did not work: {_told(ask.error.message, ask.error.hint)}")
    except NexusError as error:
        say(f"That did not work: {_told(error.message, error.hint)}")
    finally:
        if ask is not None and ask.status == "running":
            service.cancel(ask.id)


def meant_panels(text: str, panels: Sequence[WorkspacePanel]) -> tuple[WorkspacePanel, ...]:
    """The panels that a message can mean: exactly one, or those to ask about; none: it names none of several.

    A name in quotes counts before a plain one, a longer name before a shorter one within it, and the
    notebook's name decides between panels that are called the same.
    """
    quoted = {each.strip().casefold() for each in _QUOTED.findall(text)}
    found = tuple(p for p in panels if any(name.casefold() in quoted for name in _names(p)))
    if not found:
        found = _named(text, panels)
    if not found and len(panels) == 1:
        return tuple(panels)
    if len(found) > 1:
        here = tuple(p for p in found if any(_spans(name, text) for name in (p.notebook, PurePosixPath(p.notebook).stem)))
        found = here or found
    return found


def _named(text: str, panels: Iterable[WorkspacePanel]) -> tuple[WorkspacePanel, ...]:
    spans = [(span, panel) for panel in panels for name in _names(panel) for span in _spans(name, text)]
    # “counter” within “counter of doors” names nothing by itself
    kept = [panel for (a, b), panel in spans if not any((c <= a and b <= d) and (c, d) != (a, b) for (c, d), _ in spans)]
    return tuple({panel.key: panel for panel in kept}.values())


def _names(panel: WorkspacePanel) -> list[str]:
    info = panel.panel
    return [name for name in (info.title, info.id, info.python_name) if len(name) > 1]


def _spans(name: str, text: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)]


def _described(panel: WorkspacePanel) -> str:
    return f"**{escaped(panel.panel.title or panel.panel.id)}** in {escaped(panel.notebook)}"


def _told(message: str, hint: str) -> str:
    first = escaped(message, 1_000)
    first = first if first.endswith((".", "!", "?")) else f"{first}\\."
    return f"{first} {escaped(hint, 1_000)}".strip()


def escaped(text: str, limit: int = 120) -> str:
    """Foreign text as Markdown that shows it and does nothing: no markup, link, image, mathematics or HTML."""
    line = one_line(text, limit).replace("$", "＄")
    # what would become a link by itself is taken apart as well
    return _PUNCTUATION.sub(lambda found: found[0] if found[0] in ",;!?'" else f"\\{found[0]}", line)
