"""What the server notes of a kernel's state."""

from __future__ import annotations

import asyncio
from typing import Any

# Seconds in which the server has certainly taken note of a state, which it hears on a socket of its own.
NOTED = 0.1


class ExecutionState:
    """Keeps the server's note of a kernel's state right while its subshells are used.

    The server takes any "idle" for the whole kernel.  A message on a subshell, answered while a cell runs, would
    have that kernel count as idle, and culled in the middle of a long cell.
    """

    def __init__(self, manager: Any, *, joined: bool) -> None:
        """``joined``: the kernel was at work before we came, so a cell may run whose start we did not hear."""
        self._manager = manager
        self._cells = {""} if joined and getattr(manager, "execution_state", None) == "busy" else set()

    def told(self, status: dict[str, Any]) -> None:
        """A status that the kernel published."""
        state, cause = status["content"].get("execution_state"), status["parent_header"]
        if cause.get("msg_type") == "execute_request":
            self._cells.discard("")  # cells run one after the other
            if state == "busy":
                self._cells.add(cause["msg_id"])
            elif state == "idle":
                self._cells.discard(cause["msg_id"])
        if state == "idle" and self._cells:
            asyncio.get_running_loop().call_later(NOTED, self._correct)

    def _correct(self) -> None:
        if self._cells and getattr(self._manager, "execution_state", None) == "idle":
            self._manager.execution_state = "busy"
