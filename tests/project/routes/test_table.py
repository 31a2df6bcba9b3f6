"""The table of routes is complete, and the application keeps to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from gateway_app.access.authentication import AccessControl
from gateway_app.access.counters import Counters
from gateway_app.access.principals import ALL_SCOPES, Principal, Scope
from gateway_app.access.routes import (
    NO_ROUTE,
    SOCKET,
    Opening,
    Route,
    Routes,
    needs_key,
)
from gateway_app.services import GatewayServices
from tests.fake_services import FakeServices, fake_services, loaded_config
from tests.patient_socket import PatientSocket
from voiceproject.api import api
from voiceproject.asgi import build_application
from voiceproject.routes.table import ROUTES
from voiceproject.routing import websocket_urls


def patterns(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    for each in resolver.url_patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLPattern):
            yield re.sub(r"<[^>]*>", "x", path)
        else:
            yield from patterns(each, path)


PAGES = [("GET", path) for path in patterns(get_resolver())]
OPERATIONS = [
    (method.upper(), re.sub(r"{[^}]*}", "x", path))
    for path, methods in api.get_openapi_schema()["paths"].items()
    for method in methods
]


def socket_paths() -> list[str]:
    urls = websocket_urls(fake_services(deepgram_api=True))[:-1]
    return [f"/{url.pattern}" for url in urls]


@pytest.mark.parametrize(("method", "path"), [*PAGES, *OPERATIONS])
def test_every_http_route_has_a_row(method: str, path: str) -> None:
    route = ROUTES.of(method, path)
    assert route != NO_ROUTE, f"voiceproject/routes/table.py has no row for {path}"
    assert route.path != "/v1/", f"{path} needs a row of its own"


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_row_of_an_operation_has_its_method(method: str, path: str) -> None:
    assert ROUTES.of(method, path) in ROUTES.rows


@pytest.mark.parametrize("path", socket_paths())
def test_every_socket_has_a_row_with_a_scope(path: str) -> None:
    route = ROUTES.of_socket(path)
    has_scope = isinstance(route.needs, Scope) or route.needs is Opening.REALTIME
    assert has_scope, f"{path} has no row of its own"
    assert route.path == path


def test_no_row_is_left_of_a_route_that_has_gone() -> None:
    used = {ROUTES.of(method, path) for method, path in [*PAGES, *OPERATIONS]}
    used |= {ROUTES.of("POST", path) for _, path in PAGES}
    used |= {ROUTES.of_socket(path) for path in socket_paths()}
    paths = {route.path for route in used} | {"/static/", "/v1/"}
    assert {row.path for row in ROUTES.rows} <= paths


def test_a_method_without_a_row_needs_the_scope_of_the_path() -> None:
    assert ROUTES.of("GET", "/tts").needs is Scope.SPEAK
    assert ROUTES.of("PUT", "/v1/listen").needs is Scope.LISTEN
    assert ROUTES.of("GET", "/ws/stt") == ROUTES.of_socket("/tts") == NO_ROUTE


def test_only_a_slash_covers_what_is_below() -> None:
    routes = Routes([Route("/", Opening.CALLER), Route("/a/", Scope.SPEAK)])
    assert routes.of("GET", "/a/b").needs is Scope.SPEAK
    assert routes.of("GET", "/a") == routes.of("GET", "/b") == NO_ROUTE


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/login/", "/static/css/a.css", "/favicon.ico"]
)
def test_some_addresses_never_ask_for_a_key(path: str) -> None:
    assert ROUTES.of("GET", path).skips_access


@pytest.mark.parametrize("path", ["/", "/admin", "/health", "/health/livelier"])
def test_their_neighbours_do(path: str) -> None:
    assert not ROUTES.of("GET", path).skips_access


@pytest.mark.parametrize(
    ("method", "path", "public"),
    [
        ("GET", "/v1/models", True),
        ("HEAD", "/v1/models", True),
        ("GET", "/v1/models/org/name", True),
        ("GET", "/v1/audio/models", True),
        ("GET", "/v1/audio/voices", True),
        ("POST", "/v1/models", False),
        ("DELETE", "/v1/models/tts-1", False),
        ("GET", "/v1/modelsx", False),
        ("GET", "/v1/audio/voices/x", False),
        ("GET", "/voices", False),
    ],
)
def test_the_lists_may_be_read_without_a_key(
    method: str, path: str, public: bool
) -> None:
    route = ROUTES.of(method, path)
    assert needs_key(route, method, loaded_config().config) is not public
    assert needs_key(route, method, loaded_config(public_lists=False).config)


# Scope by scope


class OneKeyPerScope:
    """The key `tts` has the scope `tts` alone; `not-tts` has all but that and admin."""

    async def in_use(self) -> bool:
        return True

    async def principal(self, key: str) -> Principal | None:
        scope = Scope(key.removeprefix("not-"))
        others = ALL_SCOPES - {scope, Scope.ADMIN}
        scopes = others if key.startswith("not-") else frozenset({scope})
        return Principal(f"key:{key}", "key", key, scopes)

    async def named(self, principal_id: str, credential: str) -> Principal | None:
        return None


@pytest.fixture
def guarded() -> FakeServices:
    services = fake_services(deepgram_api=True)
    access = AccessControl(
        services.config, Counters(), [OneKeyPerScope()], routes=ROUTES
    )
    services.change(GatewayServices, access=access)
    return services


HTTP_ROWS = [row for row in ROUTES.rows if row.methods != SOCKET]
SCOPED = [row for row in HTTP_ROWS if isinstance(row.needs, Scope)]


async def test_each_route_takes_its_scope_and_no_other(
    guarded: FakeServices, transactional_db: None
) -> None:
    transport = httpx.ASGITransport(build_application(guarded))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:

        async def ask(row: Route, key: str) -> httpx.Response:
            headers = {"x-api-key": key}
            return await client.request(row.methods[0], row.path, headers=headers)

        for row in SCOPED:
            refused = await ask(row, f"not-{row.needs}")
            assert refused.status_code == 403, row
            assert f"`{row.needs}`" in refused.text
            for key in (row.needs, Scope.ADMIN):
                assert (await ask(row, str(key))).status_code not in (401, 403), row
        page = await client.get(
            "/speak/", headers={"x-api-key": "stt", "accept": "text/html"}
        )
        assert page.status_code == 403
        assert "text/html" in page.headers["content-type"]


@pytest.mark.parametrize("path", ["//ws/monitor", "/%2Fws/monitor", "/ws//monitor"])
async def test_a_socket_has_one_address_only(
    path: str, guarded: FakeServices, transactional_db: None
) -> None:
    application = build_application(guarded)
    headers = [(b"host", b"localhost"), (b"x-api-key", b"stt")]
    socket = PatientSocket(application, path, headers=headers)
    await socket.connect()
    assert "not_found" in (await socket.receive_output())["text"]
    await socket.disconnect()


@pytest.mark.parametrize("path", socket_paths())
async def test_each_socket_takes_its_scope_and_no_other(
    path: str, guarded: FakeServices, transactional_db: None
) -> None:
    application = build_application(guarded)
    needs = ROUTES.of_socket(path).needs
    if needs is Opening.REALTIME:
        needs = Scope.LISTEN  # an address without a model
    for key in (f"not-{needs}", str(needs), "admin"):
        headers = [(b"host", b"localhost"), (b"x-api-key", key.encode())]
        socket = PatientSocket(application, path, headers=headers)
        await socket.connect()
        if key.startswith("not-"):
            assert f"`{needs}`" in (await socket.receive_output())["text"]
            assert (await socket.receive_output())["code"] == 4403
        elif not await socket.receive_nothing():
            text = (await socket.receive_output()).get("text", "")
            assert "forbidden" not in text and "unauthorized" not in text
        await socket.disconnect()
