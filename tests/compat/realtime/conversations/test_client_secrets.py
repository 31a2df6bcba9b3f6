"""`POST /v1/realtime/client_secrets`, and the session that a secret opens."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from openai.types.realtime import ClientSecretCreateResponse

from gateway_app.access.principals import ANONYMOUS
from gateway_app.services import GatewayServices
from tests.chat.services import talk_services
from tests.compat.realtime.conversations.talking import Talker
from tests.compat.realtime.sdk_types import check_session
from tests.compat.realtime.sockets import opened
from tests.fake_services import FakeServices
from voiceproject.asgi import build_application

KEY = "a-long-key"
PATH = "/v1/realtime/client_secrets"
INCOMPRESSIBLE = " ".join(str(number * 7_919 % 10_007) for number in range(9_000))
"""Too long for a token, in which the configuration is compressed."""


@pytest.fixture
def services() -> FakeServices:
    return talk_services(api_keys=[KEY])


async def post(
    services: FakeServices, body: dict[str, Any], key: str = KEY, path: str = PATH
) -> httpx.Response:
    transport = httpx.ASGITransport(app=build_application(services))
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        return await client.post(path, json=body, headers=headers)


async def secret(services: FakeServices, **session: Any) -> str:
    answer = await post(services, {"session": session})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["value"])


async def test_it_is_what_the_library_expects(services: FakeServices) -> None:
    session = {"type": "realtime", "instructions": "Be brief.", "model": "gpt-realtime"}
    body = {
        "session": session,
        "expires_after": {"anchor": "created_at", "seconds": 90},
    }
    answer = await post(services, body)
    assert answer.headers["Cache-Control"] == "no-store"
    parsed = ClientSecretCreateResponse.model_validate(answer.json(), strict=True)
    assert parsed.value.startswith("ek_")
    assert parsed.expires_at == pytest.approx(time.time() + 90, abs=5)
    check_session(answer.json()["session"])
    assert parsed.session.type == "realtime"
    assert parsed.session.instructions == "Be brief."


async def test_it_opens_a_session_with_its_configuration(
    services: FakeServices,
) -> None:
    tool = {"type": "function", "name": "weather", "parameters": {"type": "object"}}
    key = await secret(
        services, instructions="Be brief.", output_modalities=["text"], tools=[tool]
    )
    async with opened(services, "", key=key) as client:
        session = (await client.next())["session"]
        assert (session["type"], session["instructions"]) == ("realtime", "Be brief.")
        talker = Talker(client.socket)
        await talker.write("Hello.")
        events = await talker.ask()
    assert events[-1]["response"]["output_modalities"] == ["text"]
    assert services.llm.asked[-1][0].content == "Be brief."
    assert services.llm.options[-1].tools[0].name == "weather"


async def test_it_opens_a_session_that_transcribes(services: FakeServices) -> None:
    audio = {"input": {"transcription": {"language": "de"}}}
    key = await secret(services, type="transcription", audio=audio)
    async with opened(services, "?model=gpt-realtime", key=key) as client:
        session = (await client.next())["session"]
        assert session["type"] == "transcription"
        assert session["audio"]["input"]["transcription"]["language"] == "de"
        await client.send("session.update", session={"type": "realtime"})
        assert (await client.error())["code"] == "forbidden"


async def test_it_opens_only_one_session(services: FakeServices) -> None:
    key = await secret(services)
    async with opened(services, "", key=key) as client:
        assert (await client.next())["type"] == "session.created"
    async with opened(services, "", key=key) as client:
        (error,), code = await client.until_closed()
    assert (error["error"]["code"], code) == ("unauthorized", 4401)


@pytest.mark.parametrize(
    "path", ["/v1/audio/speech", "/api/token", PATH, "/v1/realtime/calls/rtc_1/hangup"]
)
async def test_it_is_not_an_api_key(services: FakeServices, path: str) -> None:
    body = {"input": "Hello.", "session": {"type": "realtime"}}
    key = await secret(services)
    answer = await post(services, body, key=key, path=path)
    assert answer.status_code == 401
    assert "opens `/v1/realtime`" in answer.text
    # It is not spent by the attempt.
    async with opened(services, "", key=key) as client:
        assert (await client.next())["type"] == "session.created"


async def test_a_forged_one_is_refused(services: FakeServices) -> None:
    key = await secret(services)
    key = key[:-1] + ("x" if key[-1] != "x" else "y")
    async with opened(services, "", key=key) as client:
        (error,), code = await client.until_closed()
    assert (error["error"]["code"], code) == ("unauthorized", 4401)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"session": {"type": "song"}}, "session.type"),
        ({"session": []}, "session"),
        ({"session": "realtime"}, "session"),
        ({"session": {"max_output_tokens": "x"}}, "session.max_output_tokens"),
        (
            {"session": {"tool_choice": {"type": "function"}}},
            "session.tool_choice.name",
        ),
        (
            {
                "session": {
                    "type": "transcription",
                    "audio": {"input": {"turn_detection": {"type": "x"}}},
                }
            },
            "session.audio.input.turn_detection.type",
        ),
        ({"expires_after": {"seconds": 9}}, "expires_after.seconds"),
        (
            {"session": {"audio": {"output": {"voice": "nobody"}}}},
            "session.audio.output.voice",
        ),
        ({"session": {"instructions": INCOMPRESSIBLE}}, "session"),
    ],
)
async def test_it_refuses_a_session_that_cannot_be_opened(
    services: FakeServices, body: dict[str, Any], param: str
) -> None:
    answer = await post(services, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


async def test_it_carries_the_configuration_even_without_keys() -> None:
    services = talk_services()
    key = await secret(services, instructions="Be brief.")
    async with opened(services, "?model=gpt-realtime", key=key) as client:
        assert (await client.next())["session"]["instructions"] == "Be brief."


@pytest.mark.parametrize("keys", [[], [KEY]])
async def test_it_expires(keys: list[str]) -> None:
    services = talk_services(api_keys=keys)
    tokens = services[GatewayServices].access.tokens
    issued = await tokens.issue(ANONYMOUS, seconds=-1, path="/v1/realtime")
    async with opened(services, "", key=issued.token) as client:
        (error,), code = await client.until_closed()
    assert (error["error"]["code"], code) == ("unauthorized", 4401)
    assert "has expired" in error["error"]["message"]


async def test_it_is_off_with_the_realtime_api() -> None:
    services = talk_services(realtime_api=False)
    assert (await post(services, {})).status_code == 404
