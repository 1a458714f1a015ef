"""What the bridge and the workspace know of each other."""

from __future__ import annotations

from typing import Protocol

from pydantic import JsonValue

from ...errors import NexusError
from ...protocol.bridge import KernelCommit, KernelDelta, KernelRequest, KernelSnapshot


class KernelUnavailableError(NexusError):
    """The panel's kernel is not connected, so it cannot be asked."""

    code = "KERNEL_UNAVAILABLE"


class KernelAnswerError(NexusError):
    """The kernel's answer is not what was asked for."""

    code = "KERNEL_ANSWER"

    def __init__(self, what: str) -> None:
        super().__init__(what, hint="Is the same nexus-jupyter installed in the kernel's environment?")


class KernelLink(Protocol):
    """A kernel that answers.  ``notebook`` is the notebook's path relative to the server's root."""

    @property
    def kernel(self) -> str: ...

    @property
    def notebook(self) -> str: ...

    async def request(self, request: KernelRequest, *, timeout: float = 30.0) -> JsonValue:
        """The kernel's answer.  Raises NexusError; cancelling the awaiting task cancels in the kernel."""

    def resync(self) -> None:
        """Ask for a snapshot: what came last could not be used."""


class KernelSink(Protocol):
    """Who is told what kernels say.  All on the server's event loop."""

    def kernel_snapshot(self, link: KernelLink, snapshot: KernelSnapshot) -> None: ...

    def kernel_delta(self, link: KernelLink, delta: KernelDelta) -> None: ...

    def kernel_commit(self, link: KernelLink, commit: KernelCommit) -> None: ...

    def kernel_renamed(self, link: KernelLink, before: str) -> None:
        """The notebook is called ``link.notebook`` now and was called ``before``."""

    def kernel_gone(self, link: KernelLink) -> None:
        """It died, restarted or was shut down: all its panels are gone."""
