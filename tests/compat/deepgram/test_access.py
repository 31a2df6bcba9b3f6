"""Who may use the Deepgram addresses, and what is there when they are turned off."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compat.deepgram.sockets import application_client, connected, hearing
from tests.fake_services import fake_services

KEY = "a-long-key"
SOCKETS = ("/v1/listen", "/v2/listen", "/v1/speak")
FIRST = {"/v1/listen": "Metadata", "/v2/listen": "Connected", "/v1/speak": "Metadata"}


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize(
    "given",
    [
        {"headers": [(b"authorization", b"Token a-long-key")]},
        {"headers": [(b"authorization", b"token a-long-key")]},
        {"headers": [(b"authorization", b"Bearer a-long-key")]},
        {"subprotocols": ["token", KEY]},
    ],
)
async def test_a_key_opens_the_sockets(path: str, given: Any) -> None:
    async with connected(hearing(api_keys=[KEY]), path, **given) as client:
        await client.tell("Close" if path == "/v1/speak" else "CloseStream")
        messages, code = await client.until_closed()
    assert (messages[0]["type"], code) == (FIRST[path], 1000)


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"headers": [(b"authorization", b"Token wrong")]},
        {"subprotocols": ["token", "wrong"]},
    ],
)
async def test_without_a_key_the_sockets_close(path: str, given: Any) -> None:
    async with connected(hearing(api_keys=[KEY]), path, **given) as client:
        (error,), code = await client.until_closed()
    assert (error["type"], code) == ("Error", 4401)
    assert error["code"].lower() == "unauthorized"
    assert KEY not in str(error)


@pytest.mark.parametrize("path", ["/v1/listen", "/v1/speak"])
async def test_http_needs_the_key_too(path: str, transactional_db: None) -> None:
    services = fake_services(api_keys=[KEY])
    async with application_client(services) as client:
        answer = await client.post(path, json={"text": "Hello."})
        assert answer.status_code == 401
        assert answer.json()["err_code"] == "INVALID_AUTH"
        headers = {"Authorization": f"Token {KEY}"}
        answer = await client.post(path, json={"text": "Hello."}, headers=headers)
        assert answer.status_code in (200, 403), "403 is about the missing audio"


@pytest.mark.parametrize("path", ["/v1/listen", "/v1/speak"])
async def test_turned_off_there_is_nothing_over_http(
    path: str, transactional_db: None
) -> None:
    async with application_client(fake_services(deepgram_api=False)) as client:
        answer = await client.post(path, content=b"no JSON")
        assert answer.status_code == 404
        assert set(answer.json()) == {"err_code", "err_msg", "request_id"}
        assert answer.json()["err_code"] == "NOT_FOUND"


@pytest.mark.parametrize("path", SOCKETS)
async def test_turned_off_there_are_no_sockets(path: str) -> None:
    async with connected(fake_services(deepgram_api=False), path) as client:
        (error,), code = await client.until_closed()
    assert (error["code"], code) == ("not_found", 4404)


@pytest.mark.parametrize(
    ("roles", "served", "missing"),
    [
        (["stt"], ("/v1/listen", "/v2/listen"), ("/v1/speak",)),
        (["tts"], ("/v1/speak",), ("/v1/listen", "/v2/listen")),
    ],
)
async def test_a_process_serves_what_runs_in_it(
    roles: list[str], served: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    services = fake_services(roles=roles)
    for path in served:
        async with connected(services, path) as client:
            await client.tell("Close" if path == "/v1/speak" else "CloseStream")
            assert (await client.until_closed())[1] == 1000
    for path in missing:
        async with connected(services, path) as client:
            assert (await client.until_closed())[1] == 4404


@pytest.mark.parametrize("path", ["/v1/listen", "/v2/listen"])
async def test_listening_sessions_share_the_limit_of_live_sessions(path: str) -> None:
    services = hearing(stt_max_sessions=1)
    async with (
        connected(services, "/v1/listen"),
        connected(services, path) as second,
    ):
        (error,), code = await second.until_closed()
    assert (error["code"].lower(), code) == ("overloaded", 4503)
    assert services.sessions.count("stt") == 0


async def test_a_silent_connection_is_closed(transactional_db: None) -> None:
    services = hearing(stt_idle_seconds=0.05)
    async with connected(services, "/v1/listen") as client:
        messages, code = await client.until_closed()
    assert code == 4408
    assert [each["type"] for each in messages] == ["Metadata", "Error"]
    assert messages[1]["variant"] == "Idle"
