"""Nexus as a persona of jupyter-ai: a person asks for a change in a chat.

``NexusPersona`` is made when it is first asked for, because its base class belongs to jupyter-ai;
importing this module needs nothing of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .conversation import Asker, converse

AVATAR = Path(__file__).with_name("avatar.svg")
DESCRIPTION = "Proposes changes of panels, for you to review."


def proposals_of(persona: Any) -> Asker | None:
    """The server's proposals, None when the server extension is not loaded.

    A persona of a one-shot request has a manager that belongs to nothing; the process's own server is
    asked then.
    """
    extension = getattr(getattr(persona, "parent", None), "parent", None)
    server = getattr(extension, "serverapp", None)
    if server is None:
        from jupyter_server.serverapp import ServerApp

        server = ServerApp.instance() if ServerApp.initialized() else None
    web = getattr(server, "web_app", None)
    found: Asker | None = None if web is None else web.settings.get("nexus_proposals")
    return found


def _made() -> type:
    """The class for jupyter-ai.  Raises ImportError when jupyter-ai is not installed."""
    from jupyter_ai_persona_manager import BasePersona, PersonaDefaults

    class NexusPersona(BasePersona):
        """Turns chat messages into proposals; it has no way to approve one."""

        _work: Any = None

        @property
        def defaults(self) -> Any:
            """Name, description and picture."""
            return PersonaDefaults(name="Nexus", description=DESCRIPTION, avatar_path=str(AVATAR), system_prompt="")

        async def process_message(self, message: Any) -> None:
            """Answer one chat message."""
            import asyncio

            service = proposals_of(self)
            if service is None:
                self.send_message(
                    "The Nexus server extension is not running here. Enable it with `jupyter server extension enable nexus_jupyter` "
                    "and restart the server."
                )
                return
            # a task of its own, so that the chat's stop button ends this and not the persona
            self._work = asyncio.create_task(
                converse(service, str(message.body or ""), say=self.send_message, progress=lambda phase: self.set_status(phase))
            )
            try:
                await asyncio.wait([self._work])
                if not self._work.cancelled() and (error := self._work.exception()) is not None:
                    raise error
            finally:
                self._work.cancel()
                self._work = None
                self.clear_status()

        async def cancel_response(self) -> None:
            """Stop the request that runs."""
            if self._work is not None:
                self._work.cancel()
                self.send_message("The request was cancelled. Nothing was changed.")

        async def shutdown(self) -> None:
            """End with the chat."""
            if self._work is not None:
                self._work.cancel()
            await super().shutdown()

    NexusPersona.__qualname__ = "NexusPersona"
    return NexusPersona


def __getattr__(name: str) -> Any:
    if name != "NexusPersona":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = globals()[name] = _made()
    return made
