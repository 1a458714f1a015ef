"""The floors of a page: a counter of its own, and one behind a bare WebSocket that sends back what it gets."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import tornado.httpserver
import tornado.netutil
import tornado.web
import tornado.websocket
from playwright.sync_api import Locator

LOCAL, ECHO = "page's own counter", "bare WebSocket echo"

# Puts both into a place of the page.
BUILD = """(place, url) => new Promise((built) => {
  const counter = (name, add) => {
    const line = document.createElement('div'), button = document.createElement('button'), text = document.createElement('span');
    button.textContent = name;
    text.textContent = 'count=0';
    line.append(button, text);
    line.className = 'bench-floor';
    place.append(line);
    const show = (count) => { text.textContent = `count=${count}`; };
    button.onclick = () => add(text.textContent.slice(6) * 1 + 1, show);
  };
  counter('local', (count, show) => show(count));
  const socket = new WebSocket(url);
  let answered;
  counter('echo', (count, show) => { answered = show; socket.send(count); });
  socket.onmessage = ({ data }) => answered(data);
  socket.onopen = () => built();
})"""


class Echo(tornado.websocket.WebSocketHandler):
    """Says what it is told."""

    def check_origin(self, origin: str) -> bool:
        return True  # JupyterLab's page is of another port

    def open(self, *_: str, **__: str) -> None:
        self.set_nodelay(True)

    def on_message(self, message: str | bytes) -> None:
        self.write_message(message)


@contextlib.contextmanager
def echo() -> Iterator[str]:
    """The address of an echo on loopback, on a thread of its own; ended with the context."""
    ready: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        (listening,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
        server = tornado.httpserver.HTTPServer(tornado.web.Application([("/", Echo)]))
        server.add_sockets([listening])
        end = asyncio.Event()
        ready.set_result((listening.getsockname()[1], asyncio.get_running_loop(), end))
        await end.wait()
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="bench-echo")
    thread.start()
    port, loop, end = ready.result()
    try:
        yield f"ws://127.0.0.1:{port}/"
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


def build(place: Locator, url: str) -> dict[str, Locator]:
    """Put both into ``place``; gives the line of each, with a button in it."""
    place.evaluate(BUILD, url)
    lines = place.locator(".bench-floor")
    return {LOCAL: lines.nth(0), ECHO: lines.nth(1)}
