"""The server's own connection to one kernel, beside those of pages."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import time
from collections.abc import Callable, Coroutine
from functools import partial
from queue import Empty
from typing import Any
from uuid import uuid4

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import ZMQSocketChannel
from jupyter_core.utils import ensure_async
from zmq.utils.monitor import recv_monitor_message

from .complaints import Log
from .execution import ExecutionState

# Seconds between looks into the queues of a gateway's client, whose own waiting keeps the processor busy.
GATEWAY_INTERVAL = 0.05
# Seconds of work on a kernel's messages after which everything else has as many: messages that are there
# already are read without a pause, so a kernel that floods would keep the whole server to itself.
TURN = 0.005
# Seconds without an answer after which something harmless is sent on the same channel.  A thread of the kernel that sends and
# receives on one socket can overlook a message that came between (its descriptor tells of each only once); the next one wakes it.
NUDGE = 1.0
# Objects and lists in one message.  Each costs far more than its bytes, so they are counted before they are made.
MOST_OBJECTS = 150_000
# Execution states that a kernel (or the gateway before it) tells when the one that was there is there no more.
ENDED = frozenset({"starting", "restarting", "dead"})

Message = dict[str, Any]


class KernelLostError(Exception):
    """The kernel that was connected is there no more."""


class Wire:
    """Channels to one life of one kernel: its end, however it came, sets ``lost``.

    ``received`` is called with every IOPub message of the topics that were asked for (through a gateway: of all).
    Used on the event loop only.
    """

    def __init__(self, client: Any, received: Callable[[Message], None], log: Log, state: ExecutionState | None = None) -> None:
        self._client = client
        self._state = state
        self._received = received
        self._log = log
        self._replies: dict[str, asyncio.Future[Message]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._monitor: zmq.asyncio.Socket | None = None
        self._worked = 0.0
        self._every = True  # of "kernel.": its states, and what cells give, which we have no use for
        self.lost = asyncio.Event()
        self.welcome = asyncio.Event()

    @classmethod
    async def connect(
        cls,
        manager: Any,
        context: zmq.asyncio.Context,
        topics: tuple[str, ...],
        received: Callable[[Message], None],
        log: Log,
        *,
        joined: bool = False,
    ) -> Wire:
        """Begin to connect to the kernel of ``manager``: what is sent arrives when the kernel is there.

        ``joined``: this is not the beginning of its life.
        """
        client = _client(manager, context)
        wire = cls(client, received, log, ExecutionState(manager, joined=joined))
        try:
            await ensure_async(client.start_channels(stdin=False, hb=False))
            wire._begin(topics)
        except BaseException:
            await wire.close()
            raise
        return wire

    def _begin(self, topics: tuple[str, ...]) -> None:
        client = self._client
        iopub = client.iopub_channel
        if isinstance(iopub, ZMQSocketChannel) and iopub.socket is not None:
            # what the kernel shows its pages stays in the kernel: only what is for us is sent here
            for topic in (*topics, "kernel."):
                iopub.socket.setsockopt(zmq.SUBSCRIBE, topic.encode())
            iopub.socket.setsockopt(zmq.UNSUBSCRIBE, b"")
            self._monitor = client.control_channel.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
            self._run(self._watch(self._monitor))
            self._run(self._read_topics(iopub.socket))
        else:
            self._run(self._read(iopub, self._iopub))
        self._run(self._read(client.control_channel, self._reply))
        self._run(self._read(client.shell_channel, self._reply))

    # --- sending ----------------------------------------------------------------------------------

    async def ask(
        self, message_type: str, content: Message, *, timeout: float, channel: str = "control", subshell: str | None = None
    ) -> Message:
        """The content of the reply.  Raises KernelLostError, TimeoutError."""
        message = self._message(message_type, content, subshell)
        id = message["header"]["msg_id"]
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._replies[id] = future
        try:
            self._send(channel, message)
            async with asyncio.timeout(timeout):
                while not (await asyncio.wait([future], timeout=NUDGE))[0]:
                    self.nudge(channel=channel, subshell=subshell)
                return future.result()
        finally:
            self._replies.pop(id, None)
            future.cancel()

    def nudge(self, *, channel: str = "shell", subshell: str | None = None) -> None:
        """Send a question whose answer nobody waits for.  Raises KernelLostError."""
        self._send(channel, self._message("kernel_info_request", {}, subshell))

    def send(self, message_type: str, content: Message, *, subshell: str | None = None) -> None:
        """Send what has no reply on the shell channel.  Raises KernelLostError."""
        self._send("shell", self._message(message_type, content, subshell))

    def _message(self, message_type: str, content: Message, subshell: str | None) -> Message:
        message: Message = self._client.session.msg(message_type, content)
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        return message

    def _send(self, name: str, message: Message) -> None:
        channel = self._client.shell_channel if name == "shell" else self._client.control_channel
        socket = getattr(channel, "socket", None)
        if self.lost.is_set():
            raise KernelLostError
        # a kernel that takes nothing any more would hold the whole server up in this send
        # (`get`, not `getsockopt`: only that one tells the reader of this socket of a message that came with the look)
        if isinstance(socket, zmq.Socket) and not int(socket.get(zmq.EVENTS)) & zmq.POLLOUT:
            raise KernelLostError
        if socket is None:
            message["channel"] = name  # a gateway's client leaves it out, and all would go to the shell
        channel.send(message)

    # --- receiving --------------------------------------------------------------------------------

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._log.debug("nexus: a channel to a kernel ended: %r", task.exception())
        self._lose()

    def _lose(self) -> None:
        self.lost.set()
        for future in self._replies.values():
            if not future.done():
                future.set_exception(KernelLostError())

    async def _watch(self, monitor: zmq.asyncio.Socket) -> None:
        await recv_monitor_message(monitor)

    async def _read(self, channel: Any, take: Callable[[Message], None]) -> None:
        direct = isinstance(channel, ZMQSocketChannel)
        while not self.lost.is_set():
            try:
                message = await channel.get_msg(timeout=None if direct else 0)
            except Empty:
                await asyncio.sleep(GATEWAY_INTERVAL)
                continue
            except (ValueError, TypeError, KeyError):
                self._log.debug("nexus: a kernel sent what is no message", exc_info=True)
                await self._turn(lambda: None)
                continue
            await self._turn(partial(take, message))

    async def _read_topics(self, socket: zmq.asyncio.Socket) -> None:
        while True:
            frames = await socket.recv_multipart()
            await self._turn(partial(self._topic, socket, frames))

    def _topic(self, socket: zmq.asyncio.Socket, sent: list[bytes]) -> None:
        session = self._client.session
        topics, frames = session.feed_identities(sent)
        topic = topics[0] if topics else b""
        of_kernel = topic.startswith(b"kernel.")
        if of_kernel and not topic.endswith(b".status"):
            return
        if of_kernel and self._every:
            self._every = False
            socket.setsockopt(zmq.SUBSCRIBE, topic)
            socket.setsockopt(zmq.UNSUBSCRIBE, b"kernel.")
        if sum(frame.count(b"{") + frame.count(b"[") for frame in frames) > MOST_OBJECTS:
            self._log.warning("nexus: a kernel sent a message of more than %d objects and lists; it was dropped", MOST_OBJECTS)
            return
        message = session.deserialize(frames)
        if message["header"]["msg_type"] == "iopub_welcome":
            self.welcome.set()
        elif not of_kernel:
            self._received(message)
        elif self._state is not None:
            self._state.told(message)

    async def _turn(self, work: Callable[[], None]) -> None:
        """Do it, and let all others have their turn when this kernel had its own."""
        began = time.monotonic()
        try:
            work()
        except (ValueError, TypeError, KeyError):
            self._log.debug("nexus: a kernel sent what is no message", exc_info=True)
        except Exception:
            self._log.exception("nexus: a message of a kernel could not be taken")
        self._worked += time.monotonic() - began
        if self._worked >= TURN:
            rest, self._worked = self._worked, 0.0
            await asyncio.sleep(rest)

    def _iopub(self, message: Message) -> None:
        kind = message["header"]["msg_type"]
        if kind == "status":
            if message["content"].get("execution_state") in ENDED and self.welcome.is_set():
                self._lose()
            self.welcome.set()
        else:
            self._received(message)

    def _reply(self, message: Message) -> None:
        content = message["content"]
        future = self._replies.get(message["parent_header"].get("msg_id", ""))
        if future is not None and not future.done():
            future.set_result(content)
        elif content.get("ename") == "UnknownSubshellError":
            self._lose()  # somebody has ended ours: begin again with another one

    # --- end --------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Free everything; does not wait for the kernel."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._lose()
        client = self._client
        if self._monitor is not None:
            with contextlib.suppress(Exception):
                client.control_channel.socket.disable_monitor()
            self._monitor.close(linger=0)
            self._monitor = None
        if not hasattr(client, "channel_socket"):
            for channel in (client.shell_channel, client.control_channel, client.iopub_channel):
                channel.stop()
        elif client.channel_socket is not None:  # a gateway's
            await asyncio.to_thread(client.stop_channels)  # it joins a thread of its own


def _client(manager: Any, context: zmq.asyncio.Context) -> Any:
    if inspect.isclass(manager.client_factory) and issubclass(manager.client_factory, AsyncKernelClient):
        session = manager.session.clone()
        session.session = uuid4().hex  # replies go by it: those of two clients with one would be lost
        return manager.client(session=session, context=context)
    client = AsyncKernelClient(context=context)
    client.load_connection_info(manager.get_connection_info())
    return client
