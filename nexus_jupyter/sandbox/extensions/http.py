"""``nexus.http``: requests to granted hosts, sent by the kernel as nobody: no cookies, no proxies, no tokens of its own.

Each request, and each redirect, is checked as a whole before anything is sent: the address is read strictly, its
origin must be on the list that the document declares, its name is resolved once, every address it has must be
public, and the connection goes to one of exactly those.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from functools import cache
from typing import ClassVar
from urllib.parse import urlencode, urljoin

import httpcore
import httpx
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from ...errors import HandlerError, LimitError, OptionError
from ...nxml.values import duration
from ..values import FORBIDDEN_KEYS
from .base import Extension, ExtensionContext, method
from .content import ACCEPT_ENCODING, json_of, text_of, well_formed
from .exchange import REDIRECTS, Answer, Headers, Resolve, exchange, public_addresses, system_resolve
from .loop import in_thread
from .origin import AllowList, Target, read_target

MAX_REQUEST = 1024 * 1024
MAX_REDIRECTS = 3
MAX_REQUEST_HEADERS = 64
MAX_REQUEST_HEADER_BYTES = 16 * 1024
DEFAULT_TIMEOUT = 10.0
_LARGE = 128 * 1024

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_METHOD = re.compile(r"[A-Za-z][A-Za-z-]{0,31}")
_NEVER_SENT = ("CONNECT", "TRACE", "TRACK")
# What belongs to the connection, speaks for somebody else or would be a browser's word.
_KERNELS_OWN = frozenset(
    [
        *("host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "expect"),
        *("accept-encoding", "content-length", "cookie", "cookie2", "set-cookie", "set-cookie2"),
        *("origin", "referer", "via", "forwarded", "x-real-ip"),
    ]
)
_KERNELS_OWN_PREFIXES = ("proxy-", "sec-", "x-forwarded-")
# What a panel's headers keep when a redirect leads to another origin: any other may be a key to the first one.
_KEPT_ELSEWHERE = frozenset({"accept", "accept-language", "content-type", "content-language", "user-agent"})
_HIDDEN = frozenset({"set-cookie", "set-cookie2"}) | FORBIDDEN_KEYS


class RequestOptions(BaseModel):
    """What belongs to a request beside its method and address; ``timeout`` in milliseconds."""

    model_config = ConfigDict(extra="forbid")

    query: dict[str, JsonValue] | None = None
    headers: dict[str, str] | None = None
    timeout: float | None = Field(None, gt=0)


class BodyOptions(RequestOptions):
    """... and what it carries: at most one of ``json`` and ``text``."""

    json_body: JsonValue = Field(None, alias="json")
    text: str | None = None


class Http(Extension):
    """HTTP as one panel may use it.

    ``resolve`` and ``backend`` find addresses and connect to them, ``tls`` says whom to trust; the system's own unless given.
    """

    name: ClassVar[str] = "nexus.http"
    timeout = None  # each request has its own

    def __init__(
        self,
        context: ExtensionContext,
        *,
        resolve: Resolve = system_resolve,
        backend: httpcore.AsyncNetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(context)
        self._resolve = resolve
        self._backend = backend or httpcore.AnyIOBackend()
        self._tls = tls

    @method("http:request")
    async def get(self, url: str, options: RequestOptions | None = None) -> dict[str, JsonValue]:
        """Sends a GET request."""
        return await self._send("GET", url, options)

    @method("http:request")
    async def post(self, url: str, options: BodyOptions | None = None) -> dict[str, JsonValue]:
        """Sends a POST request."""
        return await self._send("POST", url, options)

    @method("http:request")
    async def put(self, url: str, options: BodyOptions | None = None) -> dict[str, JsonValue]:
        """Sends a PUT request."""
        return await self._send("PUT", url, options)

    @method("http:request")
    async def delete(self, url: str, options: RequestOptions | None = None) -> dict[str, JsonValue]:
        """Sends a DELETE request."""
        return await self._send("DELETE", url, options)

    @method("http:request")
    async def request(self, method: str, url: str, options: BodyOptions | None = None) -> dict[str, JsonValue]:
        """Sends a request with any method but CONNECT and TRACE."""
        verb = method.upper()
        if not _METHOD.fullmatch(method) or verb in _NEVER_SENT:
            raise _invalid(f"{method[:32]!r} is no method that a panel may use.")
        return await self._send(verb, url, options)

    async def _send(self, verb: str, url: str, options: RequestOptions | None) -> dict[str, JsonValue]:
        options = options or RequestOptions()
        allowed = AllowList(self.context.options.get("hosts"))
        target = read_target(_with_query(url, options.query))
        headers = _panel_headers(options.headers or {})
        body = _body(verb, headers, options) if isinstance(options, BodyOptions) else b""
        seconds = self._seconds(options.timeout)
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(deadline):
                return await self._follow(allowed, target, verb, headers, body, deadline)
        except TimeoutError:
            raise HandlerError(f"{target.origin} did not answer within {seconds:g} s.", name="TimeoutError", code="HTTP_TIMEOUT") from None

    async def _follow(
        self, allowed: AllowList, target: Target, verb: str, headers: Headers, body: bytes, deadline: float
    ) -> dict[str, JsonValue]:
        for _ in range(MAX_REDIRECTS + 1):
            addresses = allowed.admit(target) or await public_addresses(target, self._resolve)
            answer = await exchange(
                target,
                addresses,
                verb,
                _all_headers(target, verb, headers, body),
                body,
                tls=self._tls or _trust(),
                backend=self._backend,
                deadline=deadline,
            )
            location = answer.header("location")
            if answer.status not in REDIRECTS or not location:
                return await _told(target, answer)
            following = _redirected(target, location)
            if (answer.status == 303 and verb != "HEAD") or (answer.status in (301, 302) and verb == "POST"):
                verb, body = ("GET", b"")
                headers = [(name, value) for name, value in headers if not name.startswith("content-")]
            if following.origin != target.origin:
                headers = [(name, value) for name, value in headers if name in _KEPT_ELSEWHERE]
            target = following
        raise LimitError(f"the request was redirected more than {MAX_REDIRECTS} times.", limit="http_redirects", allowed=MAX_REDIRECTS)

    def _seconds(self, asked: float | None) -> float:
        """How long a request may take; ``asked`` in milliseconds."""
        declared = self.context.options.get("timeout")
        try:
            longest = DEFAULT_TIMEOUT if declared is None else duration(str(declared)) / 1000
        except ValueError as error:
            raise OptionError(f"timeout of nexus.http {error}.") from None
        if asked is None:
            return longest
        if asked > longest * 1000:
            raise _invalid(f"timeout: {asked:g} ms are more than the extension's own {longest:g} s.")
        return asked / 1000


@cache
def _trust() -> ssl.SSLContext:
    # Whom to trust (SSL_CERT_FILE, SSL_CERT_DIR) is for the person who starts the kernel to say; nothing else is read.
    return httpx.create_ssl_context()


def _invalid(message: str) -> HandlerError:
    return HandlerError(message, name="TypeError", code="INVALID_ARGUMENT")


def _with_query(url: str, query: dict[str, JsonValue] | None) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in (query or {}).items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, (list, dict)):
                raise _invalid(f"query: {name[:80]!r} holds a list or an object, which has no form in an address.")
            if each is not None:
                pairs.append((well_formed(name), well_formed(each) if isinstance(each, str) else json.dumps(each)))
    if not pairs:
        return url
    base, _, fragment = url.partition("#")
    return f"{base}{'&' if '?' in base else '?'}{urlencode(pairs)}{f'#{fragment}' if fragment else ''}"


def _panel_headers(given: dict[str, str]) -> Headers:
    """The headers that a panel adds, names in lower case.  Raises HandlerError and LimitError."""
    if len(given) > MAX_REQUEST_HEADERS or sum(len(n) + len(v) for n, v in given.items()) > MAX_REQUEST_HEADER_BYTES:
        raise LimitError(
            f"the request has more than {MAX_REQUEST_HEADERS} headers, or more than {MAX_REQUEST_HEADER_BYTES:,} characters of them.",
            limit="http_request_headers",
            allowed=MAX_REQUEST_HEADER_BYTES,
        )
    headers: dict[str, str] = {}
    for given_name, value in given.items():
        name = given_name.lower()
        if not _TOKEN.fullmatch(given_name):
            raise _invalid(f"headers: {given_name[:80]!r} is no name of a header.")
        if name in _KERNELS_OWN or name.startswith(_KERNELS_OWN_PREFIXES):
            raise _invalid(f"headers: {given_name[:80]!r} is for the kernel to set, not for a panel.")
        if name in headers:
            raise _invalid(f"headers: {given_name[:80]!r} is given twice.")
        value = value.strip(" \t")
        if any((c < " " and c != "\t") or c == "\x7f" or c > "\xff" for c in value):
            raise _invalid(f"headers: the value of {given_name[:80]!r} holds a line break, a control character or one beyond Latin-1.")
        headers[name] = value
    return list(headers.items())


def _body(verb: str, headers: Headers, options: BodyOptions) -> bytes:
    """What ``options`` say to send; its type joins ``headers`` unless they have one."""
    has_json = "json_body" in options.model_fields_set
    if has_json and options.text is not None:
        raise _invalid("options: a request carries json or text, not both.")
    if not has_json and options.text is None:
        return b""
    if verb in ("GET", "HEAD"):
        raise _invalid(f"options: a {verb} request carries nothing.")
    try:
        text = json.dumps(options.json_body, ensure_ascii=False, allow_nan=False) if has_json else options.text or ""
    except (ValueError, RecursionError):
        raise _invalid("options: json is no JSON, or nested too deeply.") from None
    body = well_formed(text).encode()
    if len(body) > MAX_REQUEST:
        raise LimitError(
            f"the request has {len(body):,} bytes; at most {MAX_REQUEST:,} are sent.", limit="http_request", allowed=MAX_REQUEST
        )
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json" if has_json else "text/plain; charset=utf-8"))
    return body


def _all_headers(target: Target, verb: str, headers: Headers, body: bytes) -> Headers:
    given = {name for name, _ in headers}
    own = [("host", target.authority), ("connection", "close"), ("accept-encoding", ACCEPT_ENCODING)]
    own += [(name, value) for name, value in (("accept", "*/*"), ("user-agent", "nexus-jupyter")) if name not in given]
    if body or verb in ("POST", "PUT", "PATCH"):
        own.append(("content-length", str(len(body))))
    return [*own, *headers]


def _redirected(target: Target, location: str) -> Target:
    """Where ``location`` leads from ``target``; read as strictly as what a panel writes."""
    text = location.encode("latin-1").decode("utf-8", "replace")
    # urljoin leaves out what read_target would refuse
    if any(c <= " " or c == "\\" or c == "\x7f" for c in text):
        raise HandlerError(f"{target.origin} redirects to what is no address.", name="NetworkError", code="HTTP_REDIRECT")
    try:
        return read_target(urljoin(target.url, text))
    except (HandlerError, ValueError):
        raise HandlerError(f"{target.origin} redirects to what cannot be called.", name="NetworkError", code="HTTP_REDIRECT") from None


async def _told(target: Target, answer: Answer) -> dict[str, JsonValue]:
    """The answer as a panel sees it."""
    kind = answer.header("content-type")

    def read() -> tuple[str, JsonValue]:
        text = text_of(answer.body, kind)
        return text, json_of(text, kind)

    # other panels wait for this loop while a large answer is read
    text, value = read() if len(answer.body) < _LARGE else await in_thread(read)
    names = dict.fromkeys(name for name, _ in answer.headers if name not in _HIDDEN)
    return {
        "status": answer.status,
        "ok": 200 <= answer.status <= 299,
        "headers": {name: answer.header(name) for name in names},
        "url": target.url,
        "text": text,
        "json": value,
    }
