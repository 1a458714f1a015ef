"""What every handler below ``/nexus/`` has in common: bounds, identity, errors."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from http.client import responses
from types import TracebackType
from typing import Any, TypeVar

from jupyter_server.base.handlers import APIHandler, JupyterHandler
from pydantic import BaseModel, ValidationError
from tornado.web import Finish, HTTPError, stream_request_body

from ...errors import NexusError
from ...protocol.workspace import ApiError
from ..workspace import Workspace

RESOURCE = "nexus"
"""What an authorizer is asked about."""

MAX_BODY = 1024 * 1024

_STATUS = {
    "ARGUMENT_MISMATCH": 400,
    "INVALID_BODY": 400,
    "INVALID_DOCUMENT": 400,
    "INVALID_OPTION": 400,
    "INVALID_STATE": 400,
    "CAPABILITY_DENIED": 403,
    "PANEL_CLOSED": 404,
    "STALE": 409,
    "CANCELLED": 409,
    "BODY_TOO_LARGE": 413,
    "TIMEOUT": 504,
}

_CODES = {400: "BAD_REQUEST", 403: "FORBIDDEN", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "BODY_TOO_LARGE"}

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")
ExcInfo = tuple[type[BaseException], BaseException, TracebackType]


class BodyError(NexusError):
    """A request's body or parameter is not what the route takes."""

    code = "INVALID_BODY"


def status_of(error: NexusError) -> int:
    """The HTTP status of an error: its class's attribute ``status`` if there is one, else by its code.

    What is not known here comes from a kernel, so it is 502.
    """
    own = getattr(error, "status", None)
    if isinstance(own, int):
        return own
    if error.code.startswith("UNKNOWN_"):
        return 404
    return _STATUS.get(error.code, 502)


def write_api_error(handler: JupyterHandler, status: int, exc_info: ExcInfo | None) -> None:
    """Finish with an ``ApiError``; what broke inside is in the log and not in the answer."""
    error = exc_info[1] if exc_info else None
    message, hint, code = responses.get(status, "Unknown error"), "", _CODES.get(status, f"HTTP_{status}")
    if isinstance(error, NexusError):
        message, hint, code = error.message, error.hint, error.code
    elif isinstance(error, HTTPError) and error.log_message and status < 500:
        message = error.log_message % error.args if error.args else error.log_message
    elif status >= 500:
        message, code, hint = "The server failed.", "INTERNAL", "The server's log says why."
    handler.set_header("Content-Type", "application/json")
    handler.finish(ApiError(code=code, message=message[:4_000], hint=hint[:4_000]).model_dump_json())


@stream_request_body
class NexusHandler(APIHandler):
    """Base of all REST handlers.

    Methods carry ``@tornado.web.authenticated`` and ``@authorized``.  A ``NexusError`` that leaves one becomes an
    ``ApiError`` with the status of ``status_of``.
    """

    auth_resource = RESOURCE

    def initialize(self) -> None:
        self._chunks: list[bytes] = []
        self._received = 0
        self._work: asyncio.Task[Any] | None = None
        self._gone = False

    @property
    def workspace(self) -> Workspace:
        found: Workspace = self.settings["nexus_workspace"]
        return found

    @property
    def content_security_policy(self) -> str:
        return f"{super().content_security_policy}; sandbox"

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")

    def compute_etag(self) -> None:
        """None: nothing is kept by a browser."""
        return

    async def prepare(self) -> None:
        length = self.request.headers.get("Content-Length", "0")
        if length.isdecimal() and int(length) > MAX_BODY:
            raise _too_large()
        await super().prepare()

    def data_received(self, chunk: bytes) -> None:
        # a body without a declared length is read on but not kept
        self._received += len(chunk)
        if self._received <= MAX_BODY:
            self._chunks.append(chunk)
        else:
            self._chunks.clear()

    def body(self, model: type[Model]) -> Model:
        """The request's body.  Raises BodyError (400; 413 when it is longer than ``MAX_BODY``)."""
        if self._received > MAX_BODY:
            raise _too_large()
        try:
            return model.model_validate_json(b"".join(self._chunks))
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors(include_url=False)[:5]]
            raise BodyError(f"the body is not a {model.__name__}", hint="; ".join(problems)[:1_000]) from None

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """An integer of the query.  Raises BodyError."""
        text = self.get_query_argument(name, str(default))
        try:
            value = int(text) if len(text) <= 9 else most + 1
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise BodyError(f"{name} is not a number from {least} to {most}")
        return value

    def choice(self, name: str, default: str, *others: str) -> str:
        """A word of the query, one of those given.  Raises BodyError."""
        text = str(self.get_query_argument(name, default))
        if text not in (default, *others):
            raise BodyError(f"{name} is none of {', '.join((default, *others))}")
        return text

    def required(self, name: str) -> str:
        """A parameter of the query.  Raises BodyError."""
        # tornado would strip it, and names may begin or end with blanks
        values = self.request.query_arguments.get(name)
        if not values:
            raise BodyError(f"the parameter {name} is missing")
        try:
            return bytes(values[-1]).decode()
        except UnicodeDecodeError:
            raise BodyError(f"the parameter {name} is not UTF-8") from None

    def reply(self, model: BaseModel, status: int = 200) -> None:
        """Answer with a message."""
        self.reply_text(model.model_dump_json(), status)

    def reply_text(self, text: str, status: int = 200) -> None:
        """Answer with JSON that is made already."""
        self.set_status(status)
        self.finish(text)

    async def until_gone(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of ``work``, which is cancelled when the client goes away."""
        task: asyncio.Task[Result] = asyncio.ensure_future(work)
        self._work = task
        if self._gone:
            task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            if self._gone:
                raise Finish from None
            raise
        finally:
            task.cancel()

    def on_connection_close(self) -> None:
        self._gone = True
        if self._work is not None:
            self._work.cancel()
        super().on_connection_close()

    def log_exception(self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        if not isinstance(value, NexusError):
            super().log_exception(typ, value, tb)

    def _handle_request_exception(self, e: BaseException) -> None:
        if isinstance(e, NexusError) and not self._finished:
            self.send_error(status_of(e), exc_info=(type(e), e, e.__traceback__))
        else:
            super()._handle_request_exception(e)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        write_api_error(self, status_code, kwargs.get("exc_info"))


def _too_large() -> NexusError:
    return BodyError(f"the body is longer than {MAX_BODY} bytes", code="BODY_TOO_LARGE")
