"""The WebSocket ``/nexus/ws/v1/{workspace}``: who may connect, and the connection itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any
from urllib.parse import urlsplit

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.web import HTTPError
from tornado.websocket import WebSocketHandler

from .client import Client
from .handlers.base import RESOURCE, write_api_error
from .hub import Hub

MAX_INBOUND = 256 * 1024
GOING_AWAY = 1001


class WorkspaceSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """Authenticated, authorized and of the right origin before it is upgraded; after that ``Client`` does the talking."""

    auth_resource = RESOURCE
    _client: Client | None = None
    _leaving: asyncio.Task[None] | None = None

    @property
    def max_message_size(self) -> int:
        return MAX_INBOUND

    @property
    def _hub(self) -> Hub:
        hub: Hub = self.settings["nexus_hub"]
        return hub

    def set_default_headers(self) -> None:
        """An upgrade has no content that a policy could be for."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        write_api_error(self, status_code, kwargs.get("exc_info"))

    def _right_origin(self) -> bool:
        """Exactly the server's own origin, or the configured one.

        tornado asks ``check_origin`` only for some requests, and a missing Origin is good enough for it; but where a
        cookie alone says who it is, any page in the browser could have sent it.
        """
        if self.token_authenticated or self.allow_origin == "*":
            return True
        origin = self.get_origin()
        if origin is None:
            self.log.warning("nexus: a WebSocket without an Origin is refused, for a cookie alone says who it is")
            return False
        parts = urlsplit(origin.lower())
        exact = parts.scheme in ("http", "https") and origin.lower() == f"{parts.scheme}://{parts.netloc}"
        return exact and bool(self.check_origin(origin))

    @ws_authenticated
    async def get(self, workspace: str) -> None:
        """Upgrade, if the user may."""
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, "execute", self.auth_resource)):
            raise HTTPError(403, f"User is not authorized to execute on resource: {self.auth_resource}.")
        if not self._right_origin():
            raise HTTPError(403, "This origin may not connect.")
        if workspace != self._hub.workspace.name:
            raise HTTPError(404, "there is no such workspace")
        await super().get(workspace)

    def open(self, *args: str, **kwargs: str) -> None:
        super().open(*args, **kwargs)
        self.set_nodelay(True)
        self._client = self._hub.join(self._write, lambda: self.close(GOING_AWAY, "the server stops"))

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        if self._client is not None:
            self._client.receive(message)
        return None

    def on_close(self) -> None:
        if self._client is not None:
            self._leaving = asyncio.ensure_future(self._hub.leave(self._client))
            self._client = None
        super().on_close()

    async def _write(self, text: str) -> None:
        # returns when the operating system took it, so a slow reader slows down its own task only
        await self.write_message(text)
