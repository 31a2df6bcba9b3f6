"""The contract of errors: one JSON shape on every address, one event on every socket.

HTTP: `{"error": {"code", "message", "field", "request_id"}}`, the id also in
`X-Request-ID`; below `/v1/` the fields are those of OpenAI's errors. WebSocket: `{"type": "error", "code", "message"}`, then a close
with 4000 + the HTTP status it mirrors. Messages are sentences; nothing of the
inside leaks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from channels.testing import WebsocketCommunicator
from django.urls import URLResolver, get_resolver

from gateway_app.requests import PROBES
from tests.fake_services import fake_services
from tests.patient_socket import PatientSocket
from voiceproject.asgi import build_application
from voiceproject.routing import websocket_urls

KEY = "a-long-key"
OPEN = {"/health/live", "/health/ready", "/favicon.ico", "/manifest.webmanifest"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    """Every address of ours that holds no variable part."""
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            if not path.startswith("/admin"):
                yield from routes(entry, path)
        elif "<" not in path and "^" not in path:
            yield path


ROUTES = sorted(set(routes(get_resolver())))
SOCKETS = [
    f"/{route.pattern}"
    for route in websocket_urls(fake_services())
    if str(route.pattern).startswith("ws/")  # the others have shapes of their own
]


DEEPGRAM = ("/v1/listen", "/v1/speak", "/v2/listen")
DEEPGRAM_CODES = {
    "INVALID_AUTH": "unauthorized",
    "INSUFFICIENT_PERMISSIONS": "forbidden",
    "METHOD_NOT_ALLOWED": "method_not_allowed",
    "Bad Request": "bad_request",
}


def check(answer: httpx.Response) -> dict[str, Any]:
    """The answer is an error in the shape of its address; its inner part."""
    assert answer.status_code >= 400
    assert answer.headers["Content-Type"].startswith("application/json")
    for leak in ("Traceback", "Exception", "/usr/", ".py"):
        assert leak not in answer.text
    if answer.request.url.path in DEEPGRAM:
        return check_deepgram(answer)
    assert list(answer.json()) == ["error"]
    error: dict[str, Any] = answer.json()["error"]
    if answer.request.url.path.startswith("/v1/"):
        assert set(error) == {"code", "message", "param", "type"}
    else:
        assert set(error) == {"code", "message", "field", "request_id"}
        assert error["request_id"] == answer.headers["X-Request-ID"]
    assert error["code"].replace("_", "").islower()
    assert error["message"].endswith((".", "?"))
    assert answer.headers["X-Request-ID"]
    return error


def check_deepgram(answer: httpx.Response) -> dict[str, Any]:
    """Deepgram's shape, with the code that we have for the error."""
    error: dict[str, Any] = answer.json()
    assert set(error) == {"err_code", "err_msg", "request_id"}
    assert error["err_msg"].endswith((".", "?"))
    assert error["request_id"] == answer.headers["X-Request-ID"]
    return {"code": DEEPGRAM_CODES[error["err_code"]]}


@pytest.fixture
async def keyed(make_services, transactional_db):
    services = make_services(api_keys=[KEY], public_lists=False)
    application = build_application(services)
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        yield client


def test_it_knows_the_promised_routes():
    promised = {"/", "/tts", "/voices", "/health", "/metrics", "/api/openapi.json"}
    assert promised <= set(ROUTES)
    assert {"/v1/audio/speech", "/v1/models", "/v1/audio/voices"} <= set(ROUTES)
    assert {"/ws/stt", "/ws/monitor"} <= set(SOCKETS)


@pytest.mark.parametrize("path", [path for path in ROUTES if path not in OPEN])
@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}], ids=["none", "wrong"])
async def test_it_refuses_strangers(path, headers, keyed):
    for method in METHODS:
        answer = await keyed.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert check(answer)["code"] == "unauthorized"


@pytest.mark.parametrize("path", ROUTES)
async def test_it_refuses_methods_that_a_route_does_not_take(path, client):
    refused = 0
    for method in METHODS:
        answer = await client.request(method, path, content=b"")
        if answer.status_code == 405:
            assert check(answer)["code"] == "method_not_allowed"
            assert answer.headers["Allow"]
            refused += 1
        elif answer.status_code == 403:  # a page asks for its token first
            assert check(answer)["code"] == "forbidden"
            refused += 1
    assert refused >= len(METHODS) - 1


@pytest.mark.parametrize("path", [path for path in ROUTES if path not in PROBES])
async def test_it_refuses_a_host_that_is_not_its_own(path, client):
    answer = await client.get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert check(answer)["code"] == "bad_request"


@pytest.mark.parametrize("path", [path for path in ROUTES if path not in OPEN])
async def test_it_refuses_pages_of_other_sites(path, client):
    answer = await client.post(path, headers={"Origin": "http://evil.example"}, json={})
    assert answer.status_code == 403
    assert check(answer)["code"] == "forbidden"


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/tts/",
        "/voices/x",
        "/v1/nowhere",
        "/%00",
        "/..%2f",
        "/é",
        "/" + "a" * 5000,
    ],
)
async def test_it_refuses_addresses_where_nothing_is(path, client):
    for method in METHODS:
        answer = await client.request(method, path)
        assert answer.status_code == 404
        assert check(answer)["code"] == "not_found"


BAD_BODIES = {
    "nothing": b"",
    "not json": b"{",
    "not text": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
    "a huge number": b'{"text": ' + b"9" * 10_000 + b"}",
    "an array": b"[]",
    "null": b"null",
    "a string": b'"hello"',
    "no text": b"{}",
    "a text that is a number": b'{"text": 3}',
    "a text that is null": b'{"text": null}',
    "an unknown field": b'{"text": "a", "nonsense": 1}',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
async def test_it_explains_a_bad_body(body, client):
    answer = await client.post(
        "/tts", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert check(answer)["code"] in ("bad_request", "bad_value")


async def test_it_names_the_field(client):
    answer = await client.post("/tts", json={"text": 3})
    assert check(answer)["field"] == "text"


@contextlib.asynccontextmanager
async def connected(application: Any, path: str, headers: Any = ()):
    socket = PatientSocket(
        application, path, headers=[(b"host", b"localhost"), *headers]
    )
    assert (await socket.connect())[0]
    yield socket
    await socket.disconnect()


async def next_error(socket: WebsocketCommunicator) -> dict[str, Any]:
    """The next error event. Deepgram's and OpenAI's are told as one of ours."""
    while (event := await socket.receive_json_from())["type"].lower() != "error":
        pass
    if "error" in event:
        inner = event["error"]
        return {"code": inner["code"], "message": inner["message"]}
    if event["type"] == "error":
        return dict(event)
    return {"code": event["code"].lower(), "message": event["description"]}


async def refusal(socket: WebsocketCommunicator) -> tuple[dict[str, Any], int]:
    """The error event and the close code, after whatever came before them."""
    event = await next_error(socket)
    assert set(event) <= {"type", "code", "message", "field", "retry_after"}
    assert event["message"].endswith((".", "?"))
    closed = await socket.receive_output()
    assert closed["type"] == "websocket.close"
    return event, closed["code"]


@pytest.mark.parametrize("path", [*SOCKETS, "/ws/nowhere", "/"])
@pytest.mark.parametrize(
    ("changes", "headers", "code", "close_code"),
    [
        ({"api_keys": [KEY]}, (), "unauthorized", 4401),
        ({"api_keys": [KEY]}, [(b"x-api-key", b"no")], "unauthorized", 4401),
        ({}, [(b"origin", b"http://evil.example")], "forbidden", 4403),
    ],
)
async def test_it_says_why_a_socket_is_refused(
    path, changes, headers, code, close_code, make_services
):
    application = build_application(make_services(**changes))
    async with connected(application, path, headers) as socket:
        event, closed_with = await refusal(socket)
        assert (event["code"], closed_with) == (code, close_code)


@pytest.mark.parametrize("path", ["/ws/nowhere", "/", "/ws/stt/", "/ws/" + "a" * 5000])
async def test_it_says_that_no_socket_is_there(path, application):
    async with connected(application, path) as socket:
        event, code = await refusal(socket)
        assert (event["code"], code) == ("not_found", 4404)


@pytest.mark.parametrize("path", SOCKETS)
async def test_it_closes_a_socket_that_sends_nonsense(path, application):
    async with connected(application, path) as socket:
        for _ in range(3):
            await socket.send_to(text_data="{")
        for _ in range(2):
            assert (await next_error(socket))["code"] == "bad_request"
        event, code = await refusal(socket)
        assert (event["code"], code) == ("bad_request", 4400)


@pytest.mark.parametrize("path", SOCKETS)
async def test_it_refuses_a_message_that_is_too_large(path, application):
    async with connected(application, path) as socket:
        await socket.send_to(bytes_data=b"\0" * (64 * 1024 + 1))
        event, code = await refusal(socket)
        assert (event["code"], code) == ("too_large", 4413)


async def test_it_refuses_sockets_while_the_server_shuts_down(services, application):
    await services.sessions.drain(0.1)
    async with connected(application, "/ws/monitor") as socket:
        event, code = await refusal(socket)
        assert (event["code"], code) == ("restarting", 4512)
        assert event["retry_after"] > 0
