"""Which sessions are conversations, and who may have them."""

from __future__ import annotations

import pytest

from chat_app.services import ConversationServices
from gateway_app.access.keys import ConfigKeys
from gateway_app.access.principals import Scope
from gateway_app.services import GatewayServices
from tests.chat.services import Talk
from tests.compat.realtime.conversations.talking import (
    DONE,
    QUICK,
    Talker,
    one,
    talking,
)
from tests.compat.realtime.sockets import opened, transcripts
from tests.fake_services import FakeServices

KEY = "a-long-key"


@pytest.mark.parametrize(
    ("query", "model", "answers"),
    [
        ("?model=gpt-realtime", "gpt-realtime", "fake-llm"),
        ("?model=gpt-realtime-2.1-mini&intent=", "gpt-realtime-2.1-mini", "fake-llm"),
        ("?model=no-such-model", "no-such-model", "fake-llm"),
        ("?model=fake-llm", "fake-llm", "fake-llm"),
    ],
)
async def test_these_addresses_open_a_conversation(
    talk: Talk, query: str, model: str, answers: str
) -> None:
    services = talk()
    async with opened(services, query) as client:
        created = (await client.next())["session"]
        assert (created["type"], created["model"]) == ("realtime", model)
        assert created["object"] == "realtime.session"
        assert created["audio"]["input"]["format"] == {
            "type": "audio/pcm",
            "rate": 24000,
        }
        assert created["audio"]["output"]["voice"] == "en_US-fake-medium"
        talker = Talker(client.socket)
        await talker.write("Hello.")
        await talker.ask()
    assert services.llm.options[-1].model in ("", answers)


async def test_strict_names_refuse_an_unknown_model(talk: Talk) -> None:
    services = talk(strict_model_names=True)
    async with opened(services, "?model=no-such-model") as client:
        (error,), code = await client.until_closed()
        assert (error["error"]["code"], code) == ("model_not_found", 4404)
    async with opened(services, "?model=gpt-realtime") as client:
        assert (await client.next())["session"]["type"] == "realtime"


async def test_the_type_changes_before_the_first_audio(talk: Talk) -> None:
    turns = {"audio": {"input": {"turn_detection": QUICK}}}
    async with opened(talk(["hello", "again"]), "?model=gpt-realtime") as client:
        created = (await client.next())["session"]
        session = await client.update(**turns)
        assert (session["type"], session["id"]) == ("transcription", created["id"])
        await client.say(1, -1)
        assert transcripts(await client.completed()) == ["hello"]
        await client.send("session.update", session={"type": "realtime"})
        assert (await client.error())["param"] == "session.type"
        await client.say(1, -1)
        assert transcripts(await client.completed()) == ["again"]


async def test_a_transcription_session_becomes_a_conversation(talk: Talk) -> None:
    async with opened(talk(), "?intent=transcription") as client:
        await client.next()
        talker = Talker(client.socket)
        session = await talker.update(
            instructions="Be brief.", audio={"input": {"turn_detection": QUICK}}
        )
        assert (session["type"], session["instructions"]) == ("realtime", "Be brief.")
        await talker.say(1, -1)
        assert one(await talker.until(DONE), DONE)["response"]["status"] == "completed"


async def test_a_process_that_only_listens_transcribes(talk: Talk) -> None:
    services = talk(["hello"])
    services.remove(ConversationServices)
    async with opened(services, "?model=gpt-realtime") as client:
        assert (await client.next())["session"]["type"] == "transcription"
        await client.send("session.update", session={"type": "realtime"})
        assert (await client.error())["code"] == "not_supported"
        await client.say(1, -1)
        assert transcripts(await client.completed()) == ["hello"]


async def test_conversations_have_seats_of_their_own(talk: Talk) -> None:
    services = talk(stt_max_sessions=1, chat_max_sessions=1)
    async with (
        talking(services),
        opened(services, "?intent=transcription") as second,
        opened(services, "?model=gpt-realtime") as third,
    ):
        assert (await second.next())["type"] == "session.created"
        (error,), code = await third.until_closed()
    assert (error["error"]["code"], code) == ("overloaded", 4503)


@pytest.mark.parametrize(
    ("scope", "query", "type_"),
    [
        (Scope.LISTEN, "?intent=transcription", "transcription"),
        (Scope.CHAT, "?model=gpt-realtime", "realtime"),
    ],
)
async def test_each_kind_needs_its_scope(
    talk: Talk, scope: Scope, query: str, type_: str
) -> None:
    services = talk(api_keys=[KEY])
    other = {
        "?intent=transcription": "?model=gpt-realtime",
        "?model=gpt-realtime": "?intent=transcription",
    }
    async with opened(services, query, key=await token(services, scope)) as client:
        assert (await client.next())["session"]["type"] == type_
        change = "realtime" if type_ == "transcription" else "transcription"
        await client.send("session.update", session={"type": change})
        assert (await client.error())["code"] == "forbidden"
    key = await token(services, scope)
    async with opened(services, other[query], key=key) as client:
        (error,), code = await client.until_closed()
    assert (error["error"]["code"], code) == ("forbidden", 4403)


async def token(services: FakeServices, scope: Scope) -> str:
    """A token with only that scope."""
    principal = await ConfigKeys([KEY], []).principal(KEY)
    assert principal is not None
    issued = await services[GatewayServices].access.tokens.issue(principal, [scope])
    return issued.token
