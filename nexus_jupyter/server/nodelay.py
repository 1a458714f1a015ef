"""TCP_NODELAY on kernel WebSockets.

tornado switches Nagle's algorithm on again after the upgrade.  With delayed acknowledgements it holds back the second
of two small messages for up to 40 ms, and a kernel answers a click with several.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

SETTING = "nexus_tcp_nodelay"

_original: Any = None
_installed: Any = None
_users = 0


def install() -> None:
    """Make kernel WebSockets of servers with the setting answer at once; ends with as many calls of ``remove``."""
    global _original, _installed, _users
    _users += 1
    if _users > 1:
        return
    _original = original = KernelWebsocketHandler.open

    async def open_without_delay(self: Any, *args: Any, **kwargs: Any) -> None:
        if self.settings.get(SETTING) and self.ws_connection is not None:
            self.set_nodelay(True)
        await original(self, *args, **kwargs)

    _installed = open_without_delay
    KernelWebsocketHandler.open = open_without_delay


def remove() -> None:
    """Undo ``install``."""
    global _original, _installed, _users
    _users -= 1
    if _users == 0:
        # whoever wrapped it after us keeps theirs; without the setting ours does nothing
        if KernelWebsocketHandler.open is _installed:
            KernelWebsocketHandler.open = _original
        _original = _installed = None
