"""Calls in the real application, on fakes, over real packets."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from common.errors import Unauthorized
from compat_app.realtime.calls.calls import Calls
from gateway_app.sockets.closing import close_unwelcome
from gateway_app.usage.accounts import Quota
from tests.compat.realtime.calls.caller import Caller, LossyLink, calling, post_offer
from tests.fake_services import NO_INTERIM, FakeServices
from tests.fakes import FakeLlm, FakeStt
from tests.stt.sounds import LoudnessVad
from voiceproject.asgi import build_application

pytestmark = pytest.mark.django_db(transaction=True)

HEARD = "conversation.item.input_audio_transcription.completed"
LONG = ["This is the first sentence of a long reply. ", "And this is the second."]
Serve = Callable[..., Any]


@pytest.fixture
def serve(make_services: Callable[..., FakeServices]) -> Serve:
    """Serves on fakes whose speech to text follows a script."""

    @asynccontextmanager
    async def start(
        *script: str, says: Any = ("Paris is ", "the capital."), **changes: Any
    ) -> AsyncIterator[tuple[httpx.AsyncClient, FakeServices]]:
        changes = {"webrtc_addresses": ["127.0.0.1"], **changes}
        services = make_services(
            stt=FakeStt(script or ("what time is it",)),
            llm=FakeLlm(list(says)),
            vad=LoudnessVad(),
            **{**NO_INTERIM, **changes},
        )
        transport = httpx.ASGITransport(build_application(services))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost"
        ) as client:
            yield client, services
        await services[Calls].stop()

    return start


async def question(caller: Caller) -> None:
    """Ask something, and wait until the reply is heard."""
    caller.say(0.6, -0.1)
    await caller.until("output_audio_buffer.started")


async def test_a_question_is_answered_aloud(serve: Serve) -> None:
    async with serve() as (client, services), calling(client) as caller:
        assert caller.created["type"] == "realtime"
        await question(caller)
        await caller.until("output_audio_buffer.stopped")
        await caller.until_silent()
    (heard,) = caller.of(HEARD)
    assert heard["transcript"] == "what time is it"
    (done,) = caller.of("response.done")
    response = done["response"]
    assert response["status"] == "completed"
    (started,) = caller.of("output_audio_buffer.started")
    assert started["response_id"] == response["id"]
    assert not any("output_audio.delta" in kind for kind in caller.kinds)
    order = ["response.created", "response.done", "output_audio_buffer.stopped"]
    assert [kind for kind in caller.kinds if kind in order] == order
    assert caller.loud_seconds > 0.5
    assert services.sessions.count("call") == 0


async def test_speech_interrupts_the_reply_at_once(serve: Serve) -> None:
    script = ("tell me all", "stop that now", "go on")
    async with serve(*script, says=LONG) as (client, _), calling(client) as caller:
        await question(caller)
        await asyncio.sleep(0.5)
        caller.say(0.6, -0.1)
        await caller.until("output_audio_buffer.cleared")
        await caller.until("conversation.item.truncated")
        (truncated,) = caller.of("conversation.item.truncated")
        # The whole reply takes 3.3 s.
        assert 300 <= truncated["audio_end_ms"] < 3_000
        await caller.until(HEARD, 2)


async def test_a_client_can_stop_the_reply(serve: Serve) -> None:
    async with serve(says=LONG) as (client, _), calling(client) as caller:
        await question(caller)
        caller.send("output_audio_buffer.clear", event_id="mine")
        cleared = await caller.until("output_audio_buffer.cleared")
        assert (
            cleared["response_id"] == caller.of("response.created")[0]["response"]["id"]
        )
        await caller.until_silent()
        assert caller.of("error") == []


async def test_a_session_may_come_with_the_offer(serve: Serve) -> None:
    session = {"type": "realtime", "instructions": "Be a librarian."}
    async with serve() as (client, services), calling(client, session) as caller:
        assert caller.created["instructions"] == "Be a librarian."
        caller.send("response.create")
        await caller.until("response.done")
        assert services.llm.asked[0][0].content == "Be a librarian."


async def test_unknown_events_are_answered_with_an_error(
    serve: Serve,
) -> None:
    async with serve() as (client, _), calling(client) as caller:
        caller.send("nonsense", event_id="mine")
        error = (await caller.until("error"))["error"]
        assert (error["event_id"], error["param"]) == ("mine", "type")
        caller.send("input_audio_buffer.append", audio="AAAA")
        await caller.until("error", 2)
        await question(caller)


async def test_hanging_up_ends_the_call(serve: Serve) -> None:
    async with serve() as (client, services), calling(client) as caller:
        unknown = await client.post("/v1/realtime/calls/rtc_0/hangup")
        assert unknown.status_code == 404
        assert services.sessions.count("call") == 1
        for action in ("accept", "reject", "refer"):
            refused = await client.post(f"{caller.location}/{action}", json={})
            assert refused.status_code == 400
            assert "SIP" in refused.json()["error"]["message"]
        nothing = await client.post(f"{caller.location}/hold")
        assert nothing.status_code == 400
        done = await client.post(f"{caller.location}/hangup")
        assert (done.status_code, done.content) == (200, b"")
        await caller.until("close")
        assert services.sessions.count("call") == 0
        again = await client.post(f"{caller.location}/hangup")
        assert again.status_code == 404


async def test_a_caller_who_hangs_up_frees_the_place(serve: Serve) -> None:
    async with serve(webrtc_max_calls=1) as (client, services):
        async with calling(client):
            refused = await post_offer(client, await Caller().offer())
            assert refused.status_code == 503
            assert refused.json()["error"]["code"] == "overloaded"
        await ended(services)
        async with calling(client):
            assert services.sessions.count("call") == 1


async def ended(services: FakeServices) -> None:
    async with asyncio.timeout(10):
        while services.sessions.count("call"):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


async def test_a_restart_ends_the_call_with_an_error(serve: Serve) -> None:
    async with serve() as (client, services), calling(client) as caller:
        assert await services.sessions.drain(10)
        assert (await caller.until("error"))["error"]["code"] == "restarting"
        await caller.until("close")


@pytest.mark.parametrize(
    ("content", "kind", "status", "field"),
    [
        ("v=0", "text/plain", 400, None),
        ("no offer", "application/sdp", 400, "sdp"),
        ("v=0\r\nm=audio 9 UDP 0\r\nnonsense", "application/sdp", 400, "sdp"),
    ],
)
async def test_a_bad_offer_is_refused(
    serve: Serve, content: str, kind: str, status: int, field: str | None
) -> None:
    async with serve() as (client, services):
        answer = await client.post(
            "/v1/realtime/calls", content=content, headers={"Content-Type": kind}
        )
        assert (answer.status_code, answer.json()["error"]["param"]) == (status, field)
        await ended(services)


async def test_it_can_be_switched_off(serve: Serve) -> None:
    async with serve(webrtc_api=False) as (client, _):
        answer = await post_offer(client, await Caller().offer())
        assert answer.status_code == 404
        assert "webrtc_api" in answer.json()["error"]["message"]


async def test_keys_need_the_scope_of_conversations(serve: Serve) -> None:
    key = {"Authorization": "Bearer secret"}
    async with serve(api_keys=["secret"]) as (client, _):
        assert (await post_offer(client, "v=0")).status_code == 401
        for scope, status in (("stt", 403), ("chat", 201)):
            body = {"scopes": [scope]}
            token = await client.post("/api/token", json=body, headers=key)
            caller = Caller()
            bearer = {"Authorization": f"Bearer {token.json()['token']}"}
            answer = await post_offer(client, await caller.offer(), headers=bearer)
            assert answer.status_code == status, answer.text
            await caller.close()


async def test_a_client_secret_brings_the_session_with_it(serve: Serve) -> None:
    key = {"Authorization": "Bearer secret"}
    session = {"type": "realtime", "instructions": "Be a librarian."}
    async with serve(api_keys=["secret"]) as (client, _):
        secret = await client.post(
            "/v1/realtime/client_secrets", json={"session": session}, headers=key
        )
        bearer = {"Authorization": f"Bearer {secret.json()['value']}"}
        async with calling(client, headers=bearer) as caller:
            assert caller.created["instructions"] == "Be a librarian."
            mine = await client.post(f"{caller.location}/hangup", headers=key)
            assert mine.status_code == 200


async def test_a_call_ends_when_its_key_is_revoked(serve: Serve) -> None:
    async with serve() as (client, services), calling(client) as caller:
        revoked = Unauthorized("The API key was revoked.")
        await close_unwelcome(services.sessions, lambda _: revoked)
        assert (await caller.until("error"))["error"]["code"] == "unauthorized"
        await caller.until("close")


async def test_a_call_ends_at_the_quota_of_its_caller(serve: Serve) -> None:
    async with serve(principal_audio_in_seconds_per_day=1) as (client, services):
        async with calling(client) as caller:
            caller.say(3.0)
            error = (await caller.until("error"))["error"]
            assert error["code"] == "insufficient_quota"
            await caller.until("close")
        used = services.meter.quotas.used(Quota.AUDIO_IN, "anonymous 127.0.0.1")
        assert 0.9 < used < 3


async def test_a_call_is_one_request_and_one_session(serve: Serve) -> None:
    async with serve() as (client, _), calling(client):
        today = (await client.get("/usage")).json()["used"]
        # The second request is this one.
        counted = [today[name] for name in ("requests", "sessions", "errors")]
        assert counted == [2, 1, 0]


async def test_a_call_that_is_refused_is_one_error(serve: Serve) -> None:
    async with serve() as (client, _):
        refused = await post_offer(client, "v=0\r\nm=audio 9 UDP 0\r\nnonsense")
        assert refused.status_code == 400
        today = (await client.get("/usage")).json()["used"]
        assert (today["requests"], today["errors"]) == (2, 1)


async def test_a_caller_who_sends_nothing_is_disconnected(serve: Serve) -> None:
    quick = {"chat_idle_seconds": 0.5}
    async with serve(**quick) as (client, services), calling(client) as caller:
        await caller.stop_sending()
        await ended(services)


async def test_ports_and_addresses_are_those_of_the_settings(serve: Serve) -> None:
    async with serve(webrtc_ports="42010-42012") as (client, _):
        answer = await post_offer(client, await Caller().offer())
        lines = answer.text.splitlines()
        found = {line.split()[4:6][0] for line in lines if "candidate:" in line}
        ports = {int(line.split()[5]) for line in lines if "candidate:" in line}
        assert found == {"127.0.0.1"}
        assert len(ports) == 1
        assert ports <= {42_010, 42_011, 42_012}


async def test_other_addresses_can_be_announced(serve: Serve) -> None:
    announced = ["203.0.113.9", "192.168.1.20", "2001:db8::9"]
    async with serve(webrtc_announced_addresses=announced) as (client, _):
        answer = await post_offer(client, await Caller().offer())
        lines = [line for line in answer.text.splitlines() if "candidate:" in line]
        # The one socket is IPv4, so that nobody is sent to it by IPv6.
        assert {line.split()[4] for line in lines} == set(announced[:2])
        assert len({line.split()[5] for line in lines}) == 1


async def test_a_caller_who_vanishes_frees_the_place(serve: Serve) -> None:
    limits = {"webrtc_max_calls": 1, "webrtc_lost_seconds": 1}
    async with serve(**limits) as (client, services):
        async with calling(client) as caller:
            caller.vanish()
            await ended(services)
        async with calling(client):
            assert services.sessions.count("call") == 1


async def test_a_question_is_understood_while_packets_are_lost(serve: Serve) -> None:
    dice = random.Random(3)
    async with serve() as (client, _), calling(client) as caller:
        link = LossyLink(caller.pc, lambda _: dice.random() < 0.3)
        await question(caller)
        await caller.until("response.done")
        assert link.lost > link.sent / 5
    assert [each["transcript"] for each in caller.of(HEARD)] == ["what time is it"]
    assert caller.of("error") == []


async def test_large_events_pass_in_both_directions(serve: Serve) -> None:
    text = " ".join(["word"] * 12_000)
    content = [{"type": "input_text", "text": text}] * 3
    item = {"type": "message", "role": "user", "content": content}
    async with serve() as (client, _), calling(client) as caller:
        caller.send("conversation.item.create", item=item)
        added = await caller.until("conversation.item.added")
        assert len(json.dumps(added["item"])) > 3 * len(text)
        caller.send("nonsense", event_id="mine", padding="x" * 260_000)
        assert (await caller.until("error"))["error"]["event_id"] == "mine"


async def test_an_event_that_is_too_large_for_the_caller_is_replaced_by_an_error(
    serve: Serve,
) -> None:
    async with serve() as (client, _):
        caller = Caller()
        offer = await caller.offer()
        small = re.sub("max-message-size:[0-9]+", "max-message-size:700", offer)
        assert small != offer
        await caller.take_answer(await post_offer(client, small))
        error = (await caller.until("error"))["error"]
        assert error["code"] == "too_large"
        assert "`session.created`" in error["message"]
        caller.send("output_audio_buffer.clear")
        caller.send("nonsense")
        await caller.until("error", 2)
        await caller.close()


async def test_a_message_without_end_ends_the_call(serve: Serve) -> None:
    async with serve() as (client, services), calling(client) as caller:
        caller.pc.sctp._remote_max_message_size = 0
        caller.channel.send("x" * 8_000_000)
        await ended(services)


async def test_many_offers_at_once_are_bounded(serve: Serve) -> None:
    callers = [Caller() for _ in range(12)]
    offers = [await caller.offer() for caller in callers]
    async with serve(webrtc_max_calls=3) as (client, services):
        answers = await asyncio.gather(*[post_offer(client, each) for each in offers])
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [201] * 3 + [503] * 9
        for answer in answers:
            if answer.status_code == 201:
                await client.post(f"{answer.headers['location']}/hangup")
        await ended(services)
    for caller in callers:
        await caller.close()
