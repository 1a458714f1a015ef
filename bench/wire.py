"""What goes over the sockets of a page to its kernels, and the files that it loads."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, WebSocket


@dataclass
class Wire:
    """Counts the payloads of all frames since the last ``reset``, and the bytes of files, from the making of this on."""

    page: Page
    up: list[bytes] = field(default_factory=list)
    down: list[bytes] = field(default_factory=list)
    files: int = 0
    _asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("websocket", self._opened)
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._loaded)

    def _answered(self, event: dict[str, Any]) -> None:
        if "/api/" not in event["response"]["url"]:  # JupyterLab asks for its sessions again and again
            self._asked.add(event["requestId"])

    def _loaded(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._asked:
            self._asked.discard(event["requestId"])
            self.files += int(event["encodedDataLength"])

    def _opened(self, socket: WebSocket) -> None:
        if "/channels" not in socket.url:
            return  # the side panel's, which hears of all notebooks
        socket.on("framesent", lambda frame: self.up.append(as_bytes(frame)))
        socket.on("framereceived", lambda frame: self.down.append(as_bytes(frame)))

    def reset(self) -> None:
        """Count from nothing."""
        self.settle()
        self.up.clear()
        self.down.clear()
        self.files = 0

    def settle(self) -> None:
        """Wait until nothing has come for a while."""
        before = -1
        while before != (before := len(self.up) + len(self.down)):
            self.page.wait_for_timeout(400)

    @property
    def bytes_up(self) -> int:
        return sum(map(len, self.up))

    @property
    def bytes_down(self) -> int:
        return sum(map(len, self.down))

    @property
    def said(self) -> tuple[int, int]:
        """Bytes of what comms said, up and down, without the envelopes that Jupyter puts around it."""
        return sum(map(said, self.up)), sum(map(said, self.down))


def as_bytes(frame: bytes | str) -> bytes:
    return frame if isinstance(frame, bytes) else frame.encode()


def said(frame: bytes) -> int:
    """Bytes of the data of a ``comm_msg``; 0 for other messages."""
    header, content = parts(frame)
    if header.get("msg_type") != "comm_msg":
        return 0
    data = content["data"]
    return len(json.dumps(data.get("content", data), separators=(",", ":"), ensure_ascii=False).encode())


def parts(frame: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and content of a message as ``v1.kernel.websocket.jupyter.org`` frames it: offsets, then the parts."""
    count = int.from_bytes(frame[:8], "little")
    offsets = [int.from_bytes(frame[8 * i : 8 * i + 8], "little") for i in range(1, count + 1)]
    _, header, _, _, content, *_ = (frame[a:b] for a, b in itertools.pairwise(offsets))
    return json.loads(header), json.loads(content)
