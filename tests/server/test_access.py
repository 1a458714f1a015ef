"""Who may do what: every route and method of the extension, asked by every kind of client.

The list of routes is the one that the server has, so a new route without a row here fails.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import url_concat
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection, websocket_connect
from traitlets.config import Config

from nexus_jupyter.server.handlers.routes import NothingHandler
from nexus_jupyter.server.socket import WorkspaceSocket

ID = "0" * 32
KEY = "0" * 16
PAGE = "a" * 43
CALL = {"panel": KEY, "tool": "add"}
DECISION = {"reviewer": PAGE, "nonce": "n", "signature": "s", "action": "approve"}

# route below /nexus/ → method → (an address, a body, the status for who may)
ROUTES: dict[str, dict[str, tuple[str, Any, int]]] = {
    "api/v1/health": {"GET": ("api/v1/health", None, 200)},
    "api/v1/panels": {"GET": ("api/v1/panels", None, 200)},
    "api/v1/panels/([0-9a-f]{16})": {"GET": (f"api/v1/panels/{KEY}", None, 404)},
    "api/v1/panels/([0-9a-f]{16})/source": {"GET": (f"api/v1/panels/{KEY}/source", None, 404)},
    "api/v1/tools": {"GET": ("api/v1/tools", None, 200)},
    "api/v1/tools/call": {"POST": ("api/v1/tools/call", CALL, 404)},
    "api/v1/programs": {"POST": ("api/v1/programs", {"source": "<NexusPanel />"}, 200)},
    "api/v1/graph": {"GET": ("api/v1/graph", None, 200)},
    "api/v1/graph/neighbourhood": {"GET": ("api/v1/graph/neighbourhood?entity=x", None, 404)},
    "api/v1/graph/path": {"GET": ("api/v1/graph/path?source=x&target=y", None, 404)},
    "api/v1/graph/dependencies": {"GET": ("api/v1/graph/dependencies?entity=x", None, 404)},
    "api/v1/ai": {"GET": ("api/v1/ai", None, 200)},
    "api/v1/proposals": {
        "GET": ("api/v1/proposals", None, 200),
        "POST": ("api/v1/proposals", {"panel": KEY, "request": "x"}, 404),
    },
    "api/v1/asks/([0-9a-f]{32})": {"GET": (f"api/v1/asks/{ID}", None, 404), "DELETE": (f"api/v1/asks/{ID}", None, 404)},
    "api/v1/proposals/([0-9a-f]{32})": {"GET": (f"api/v1/proposals/{ID}", None, 404)},
    "api/v1/proposals/([0-9a-f]{32})/preview": {
        "POST": (f"api/v1/proposals/{ID}/preview", {}, 404),
        "DELETE": (f"api/v1/proposals/{ID}/preview", None, 204),
    },
    "api/v1/proposals/([0-9a-f]{32})/challenge": {"POST": (f"api/v1/proposals/{ID}/challenge", {"action": "approve"}, 404)},
    "api/v1/proposals/([0-9a-f]{32})/decision": {"POST": (f"api/v1/proposals/{ID}/decision", DECISION, 404)},
    "api/v1/reviewers": {
        "GET": ("api/v1/reviewers", None, 200),
        "POST": ("api/v1/reviewers", {"public_key": {"kty": "oct"}, "label": "x"}, 400),
    },
    "api/v1/reviewers/([A-Za-z0-9_-]{43})/challenge": {"POST": (f"api/v1/reviewers/{PAGE}/challenge", {}, 404)},
    "api/v1/reviewers/([A-Za-z0-9_-]{43})/confirm": {"POST": (f"api/v1/reviewers/{PAGE}/confirm", {**DECISION, "action": "confirm"}, 403)},
}

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CASES = [(route, method) for route, methods in ROUTES.items() for method in methods]


class Denying(Authorizer):  # type: ignore[misc]
    """Denies what the extension does, and nothing else."""

    asked: list[tuple[str, str]] = []

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        if resource == "nexus":
            self.asked.append((action, handler.request.path))
            return False
        return True


@pytest.fixture
def denied() -> bool:
    return False


@pytest.fixture
def jp_server_config(jp_server_config: Config, denied: bool) -> Config:
    if denied:
        Denying.asked.clear()
        jp_server_config.ServerApp.authorizer_class = Denying
    return jp_server_config


class Visitor:
    """Sends requests to the server as one kind of client or another."""

    def __init__(self, serverapp: Any, client: Any, port: int, base: str) -> None:
        self.token = str(serverapp.identity_provider.token)
        self._client = client
        self._base = quote(base, safe="/%")
        self.origin = f"http://127.0.0.1:{port}"
        self._port = port
        self._cookies: dict[str, str] = {}

    async def log_in(self) -> None:
        """What a page has after it was opened with the token: a cookie that names the user, and one against forgery."""
        for url in ({}, {"token": self.token}):
            answer = await self.ask("GET", "../login", url=url, follow_redirects=False)
            for line in answer.headers.get_list("Set-Cookie"):
                name, _, value = line.partition(";")[0].partition("=")
                self._cookies[name] = value
        assert any(name.startswith("username-") for name in self._cookies)
        assert "_xsrf" in self._cookies

    def address(self, path: str, url: dict[str, str] | None = None) -> str:
        place = f"{self._base}{path.removeprefix('../')}" if path.startswith("../") else f"{self._base}nexus/{path}"
        return url_concat(place, url or {})

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}

    @property
    def xsrf(self) -> dict[str, str]:
        return {"X-XSRFToken": self._cookies["_xsrf"]}

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        url: dict[str, str] | None = None,
        **more: Any,
    ) -> HTTPResponse:
        data = None if body is None else json.dumps(body)
        answer: HTTPResponse = await self._client.fetch(
            self.address(path, url),
            method=method,
            body=data,
            headers=headers or {},
            raise_error=False,
            allow_nonstandard_methods=True,
            **more,
        )
        return answer

    async def socket(
        self, workspace: str = "default", *, headers: dict[str, str], url: dict[str, str] | None = None
    ) -> WebSocketClientConnection:
        address = self.address(f"ws/v1/{workspace}", url)
        return await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{self._port}{address}", headers=headers))


@pytest.fixture
def visitor(jp_serverapp: Any, http_server_client: Any, jp_http_port: int, jp_base_url: str) -> Visitor:
    return Visitor(jp_serverapp, http_server_client, jp_http_port, jp_base_url)


def routes_of(app: Application) -> dict[str, Any]:
    """What the server answers below /nexus/, as it is in its table."""
    found: dict[str, Any] = {}
    rules = list(app.default_router.rules)
    while rules:
        rule = rules.pop(0)
        rules += getattr(rule.target, "rules", [])
        pattern = getattr(rule.matcher, "regex", None)
        if pattern is not None and "/nexus" in pattern.pattern and isinstance(rule.target, type):
            found[pattern.pattern.partition("/nexus")[2].removeprefix("/").removesuffix("$")] = rule.target
    return found


def test_every_route_and_method_has_a_row(jp_serverapp: Any) -> None:
    table = routes_of(jp_serverapp.web_app)
    rest = {route: handler for route, handler in table.items() if handler not in (WorkspaceSocket, NothingHandler)}
    assert len(table) == len(rest) + 2
    offered = {
        route: {m for m in METHODS if getattr(handler, m.lower()) is not handler._unimplemented_method} for route, handler in rest.items()
    }
    assert offered == {route: set(methods) for route, methods in ROUTES.items()}


def is_error(answer: HTTPResponse) -> None:
    """An ``ApiError``, and nothing that a browser would show as a page."""
    body = json.loads(answer.body)
    assert set(body) == {"code", "message", "hint"}
    assert re.fullmatch(r"[A-Z0-9_]+", body["code"])
    assert body["message"]
    is_plain(answer)


def is_plain(answer: HTTPResponse) -> None:
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("; sandbox")
    assert "text/html" not in answer.headers.get("Content-Type", "")


@pytest.mark.parametrize(("route", "method"), CASES, ids=[f"{m} {r}" for r, m in CASES])
async def test_who_may_use_a_route(route: str, method: str, visitor: Visitor) -> None:
    path, body, status = ROUTES[route][method]
    changes = method != "GET"
    await visitor.log_in()
    own, foreign = {"Origin": visitor.origin}, {"Origin": "https://evil.example"}
    token = {"Authorization": f"token {visitor.token}"}

    async def gives(
        expected: set[int], *, let_in: bool = False, headers: dict[str, str] | None = None, url: dict[str, str] | None = None
    ) -> None:
        answer = await visitor.ask(method, path, body, headers=headers, url=url)
        assert answer.code in expected, (answer.code, answer.body)
        if answer.code >= 400:
            is_error(answer)
            assert visitor.token.encode() not in answer.body
            # a route may refuse for reasons of its own, e.g. a signature
            assert (json.loads(answer.body)["code"] in ("FORBIDDEN", "NOT_FOUND")) is not let_in
        else:
            is_plain(answer)

    await gives({403})
    await gives({403}, headers={"Authorization": "token wrong"})
    await gives({403}, url={"token": "wrong"})
    await gives({status}, let_in=True, headers=token)
    await gives({status}, let_in=True, url={"token": visitor.token})
    await gives({status}, let_in=True, headers={**visitor.cookie, **visitor.xsrf, **own})
    await gives({403} if changes else {status}, let_in=not changes, headers={**visitor.cookie, **own})
    await gives({403} if changes else {status}, let_in=not changes, headers={**visitor.cookie, "X-XSRFToken": "2|wrong"})
    await gives({403, 404}, headers={**visitor.cookie, **visitor.xsrf, **foreign})
    await gives({403, 404}, headers={**visitor.cookie, **visitor.xsrf, "Origin": "null"})
    await gives({403}, headers={**token, "Host": "evil.example"})


@pytest.mark.parametrize("denied", [True])
@pytest.mark.parametrize(("route", "method"), CASES, ids=[f"{m} {r}" for r, m in CASES])
async def test_the_authorizer_is_asked_and_obeyed(route: str, method: str, visitor: Visitor) -> None:
    path, body, _ = ROUTES[route][method]
    answer = await visitor.ask(method, path, body, headers={"Authorization": f"token {visitor.token}"})
    assert answer.code == 403
    is_error(answer)
    reads = method == "GET" or route == "api/v1/programs"  # which compiles a document, and changes nothing
    action = "execute" if route == "api/v1/tools/call" else "read" if reads else "write"
    assert [each for each, _ in Denying.asked] == [action]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["", "api/v1", "api/v1/", "api/v2/health", "api/v1/panels/xyz", "api/v1/health/", "x%2F..%2Fapi"])
async def test_everything_else_is_not_there(path: str, method: str, visitor: Visitor) -> None:
    assert (await visitor.ask(method, path)).code == 403
    answer = await visitor.ask(method, path, headers={"Authorization": f"token {visitor.token}"})
    assert answer.code == 404
    is_error(answer)


async def test_a_method_that_a_route_does_not_have_is_refused(visitor: Visitor) -> None:
    answer = await visitor.ask("DELETE", "api/v1/graph", headers={"Authorization": f"token {visitor.token}"})
    assert answer.code == 405
    is_error(answer)


# --- the WebSocket -------------------------------------------------------------------------------


async def refused(
    visitor: Visitor, status: int, headers: dict[str, str], workspace: str = "default", url: dict[str, str] | None = None
) -> None:
    with pytest.raises(HTTPClientError) as answer:
        await visitor.socket(workspace, headers=headers, url=url)
    assert answer.value.code == status


async def greeted(visitor: Visitor, headers: dict[str, str], url: dict[str, str] | None = None) -> None:
    socket = await visitor.socket(headers=headers, url=url)
    assert json.loads(str(await socket.read_message()))["kind"] == "hello"
    socket.close()
    assert await socket.read_message() is None


async def test_who_may_connect(visitor: Visitor) -> None:
    await visitor.log_in()
    own = {"Origin": visitor.origin}
    token = {"Authorization": f"token {visitor.token}"}
    await refused(visitor, 403, {})
    await refused(visitor, 403, own)
    await refused(visitor, 403, {"Authorization": "token wrong", **own})
    await refused(visitor, 403, own, url={"token": "wrong"})
    await greeted(visitor, token)
    await greeted(visitor, {**token, **own})
    await greeted(visitor, own, url={"token": visitor.token})
    await greeted(visitor, {**visitor.cookie, **own})
    await refused(visitor, 403, {**token, "Host": "evil.example"})


async def test_only_the_right_origin_may_connect_with_a_cookie(visitor: Visitor) -> None:
    await visitor.log_in()
    host = visitor.origin.removeprefix("http://")
    for origin in (
        "https://evil.example",
        f"http://{host}.evil.com",
        f"http://evil.com/{host}",
        f"http://evil.com#{host}",
        f"http://evil@{host}",
        f"http://{host}@evil.com",
        f"http://{host}:1",
        f"http://{host.partition(':')[0]}",
        f"http://x{host}",
        f"{visitor.origin}/",
        f"{visitor.origin}/path",
        f"{visitor.origin}, http://evil.com",
        f"ftp://{host}",
        f"//{host}",
        host,
        "http://",
        "null",
        "",
    ):
        await refused(visitor, 403, {**visitor.cookie, "Origin": origin})
    await refused(visitor, 403, visitor.cookie)
    await refused(visitor, 403, {**visitor.cookie, "Sec-Fetch-Site": "same-origin"})
    await refused(visitor, 403, {**visitor.cookie, "Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"})
    await refused(visitor, 403, {**visitor.cookie, "Origin": "https://evil.example", "Sec-Fetch-Site": "none"})
    await greeted(visitor, {**visitor.cookie, "Origin": visitor.origin, "Sec-Fetch-Site": "same-origin"})


async def test_the_evil_twin_of_a_named_host_may_not_connect(visitor: Visitor) -> None:
    await visitor.log_in()
    port = visitor.origin.rpartition(":")[2]
    named = {**visitor.cookie, "Host": f"localhost:{port}"}
    for origin in (f"https://localhost.evil.com:{port}", f"https://localhost:{port}.evil.com", "https://host.evil.com", visitor.origin):
        await refused(visitor, 403, {**named, "Origin": origin})


@pytest.mark.parametrize("denied", [True])
async def test_the_authorizer_is_asked_before_the_upgrade(visitor: Visitor) -> None:
    await refused(visitor, 403, {"Authorization": f"token {visitor.token}"})
    assert [action for action, _ in Denying.asked] == ["execute"]


async def test_an_unknown_workspace_is_not_there(visitor: Visitor) -> None:
    await refused(visitor, 404, {"Authorization": f"token {visitor.token}"}, workspace="other")
    await refused(visitor, 403, {}, workspace="other")


async def test_an_ordinary_request_is_not_upgraded(visitor: Visitor) -> None:
    answer = await visitor.ask("GET", "ws/v1/default", headers={"Authorization": f"token {visitor.token}"})
    assert answer.code == 400
    assert (await visitor.ask("GET", "ws/v1/default")).code == 403
