"""`conversation_id` over HTTP: what the model is told, who may forget it, and how."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from common.errors import LlmUnavailable
from gateway_app.models import AuditEvent
from tests.fake_services import FakeServices
from tests.fakes import FakeLlm
from voiceproject.asgi import build_application

KEYS = {"api_keys": ["one", "two"]}
ONE, TWO = {"X-API-Key": "one"}, {"X-API-Key": "two"}


@pytest.fixture
def serve(
    make_services: Callable[..., FakeServices], transactional_db: None
) -> Callable[..., Any]:
    """`async with serve(llm, **settings) as client`."""

    @contextlib.asynccontextmanager
    async def build(
        llm: FakeLlm | None = None, **changes: Any
    ) -> AsyncIterator[httpx.AsyncClient]:
        application = build_application(make_services(llm=llm, **changes))
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost"
        ) as client:
            yield client

    return build


async def say(client: httpx.AsyncClient, text: str, **more: Any) -> httpx.Response:
    headers = more.pop("headers", None)
    body = {"text": text, "conversation_id": "kitchen", "format": "pcm", **more}
    return await client.post("/tts", json=body, headers=headers)


def told(llm: FakeLlm) -> list[str]:
    """What the model was told last, without the system prompt."""
    return [message.content for message in llm.asked[-1][1:]]


async def test_it_tells_the_model_what_was_said_before(serve: Any) -> None:
    llm = FakeLlm(["I am ", "here."])
    async with serve(llm) as client:
        await say(client, "Where are you?")
        await say(client, "And now?")
        assert told(llm) == ["Where are you?", "I am here.", "And now?"]
        await say(client, "Hello?", conversation_id="hall")
        assert told(llm) == ["Hello?"]


async def test_it_remembers_nothing_without_an_id_or_without_the_model(
    serve: Any,
) -> None:
    llm = FakeLlm(["Yes."])
    async with serve(llm) as client:
        await say(client, "One.", conversation_id=None)
        await say(client, "Two.", llm=False)
        await say(client, "Three.")
    assert told(llm) == ["Three."]


async def test_it_does_not_remember_an_answer_that_broke_off(serve: Any) -> None:
    llm = FakeLlm(["Once upon a time, ", "there was. ", LlmUnavailable("gone")])
    async with serve(llm) as client:
        assert (await say(client, "A story.")).status_code == 200
        await say(client, "And?")
    assert told(llm) == ["And?"]


async def test_it_forgets_a_conversation(serve: Any) -> None:
    llm = FakeLlm(["Yes."])
    async with serve(llm) as client:
        await say(client, "One.")
        answer = await client.delete("/tts/conversations/kitchen")
        assert (answer.status_code, answer.content) == (204, b"")
        await say(client, "Two.")
    assert told(llm) == ["Two."]
    event = await AuditEvent.objects.aget()
    assert (event.actor, event.action) == ("anonymous", "deleted")
    assert (event.subject, event.client) == ("conversation:kitchen", "127.0.0.1")


async def test_it_forgets_a_conversation_whose_id_needs_escaping(serve: Any) -> None:
    async with serve() as client:
        await say(client, "One.", conversation_id="a/b ü")
        answer = await client.delete("/tts/conversations/a%2Fb%20%C3%BC")
    assert answer.status_code == 204


async def test_it_answers_404_for_an_unknown_conversation(serve: Any) -> None:
    async with serve() as client:
        answer = await client.delete("/tts/conversations/nowhere")
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (error["code"], error["field"]) == ("not_found", "conversation_id")
    assert error["request_id"] == answer.headers["x-request-id"]


async def test_a_process_that_only_listens_knows_no_conversation(
    make_services: Callable[..., FakeServices],
) -> None:
    services = make_services(roles=("stt",))
    transport = httpx.ASGITransport(build_application(services))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        answer = await client.delete("/tts/conversations/kitchen")
    assert answer.status_code == 404
    assert "has no text to speech" in answer.json()["error"]["message"]


async def test_nobody_reaches_the_conversation_of_another_key(serve: Any) -> None:
    llm = FakeLlm(["Yes."])
    async with serve(llm, **KEYS) as client:
        await say(client, "Secret.", headers=ONE)
        await say(client, "Hello.", headers=TWO)
        assert told(llm) == ["Hello."]
        await client.delete("/tts/conversations/kitchen", headers=TWO)
        await say(client, "Again.", headers=ONE)
        assert told(llm) == ["Secret.", "Yes.", "Again."]


@pytest.mark.parametrize("keys", [["two", "one"], ["two"], ["three", "two"]])
async def test_a_key_keeps_its_conversation_when_others_come_and_go(
    serve: Any, keys: list[str]
) -> None:
    llm = FakeLlm(["Yes."])
    async with serve(llm, **KEYS) as client:
        await say(client, "Secret.", headers=ONE)
        await say(client, "Hello.", headers=TWO)
    async with serve(llm, api_keys=keys) as client:
        await say(client, "Again.", headers=TWO)
    assert told(llm) == ["Hello.", "Yes.", "Again."]


async def test_it_asks_for_a_key_before_it_forgets(serve: Any) -> None:
    async with serve(**KEYS) as client:
        answer = await client.delete("/tts/conversations/kitchen")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"


async def test_it_asks_a_signed_in_browser_for_its_csrf_token(serve: Any) -> None:
    user = await User.objects.acreate(username="alice")
    browser = AsyncClient()
    await browser.aforce_login(user)
    cookies = {"sessionid": browser.cookies["sessionid"].value, "csrftoken": "t" * 32}
    async with serve(**KEYS) as client:
        client.cookies.update(cookies)
        path = "/tts/conversations/kitchen"
        refused = await client.delete(path)
        found = await client.delete(path, headers={"X-CSRFToken": "t" * 32})
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["error"]["message"]
    assert found.status_code == 404


@pytest.mark.parametrize("given", ["", "x" * 129, "a\nb", "a\0b", 7])
async def test_it_refuses_an_id_that_cannot_be_one(serve: Any, given: Any) -> None:
    async with serve() as client:
        answer = await say(client, "Hello.", conversation_id=given)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == "conversation_id"


async def test_it_says_when_the_conversation_cannot_be_looked_up(serve: Any) -> None:
    async with serve(redis_url="redis://127.0.0.1:1/0") as client:
        answer = await say(client, "Hello.")
        forgotten = await client.delete("/tts/conversations/kitchen")
        without = await say(client, "Hello.", conversation_id=None)
    assert (answer.status_code, forgotten.status_code) == (503, 503)
    assert "Redis does not answer" in answer.json()["error"]["message"]
    assert answer.headers["retry-after"] == "5"
    assert without.status_code == 200


async def test_without_keys_a_conversation_belongs_to_an_address(
    make_services: Callable[..., FakeServices], transactional_db: None
) -> None:
    services = make_services()
    application = build_application(services)

    def client_at(address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(application, client=(address, 4_000))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost")

    body = {"text": "My name is Ada.", "conversation_id": "1"}
    async with client_at("10.0.0.1") as ada, client_at("10.0.0.2") as other:
        assert (await ada.post("/tts", json=body)).status_code == 200
        await other.post("/tts", json=body)
        assert len(services.llm.asked[-1]) == 2, "the system prompt and the question"
        assert (await other.delete("/tts/conversations/1")).status_code == 204
        await ada.post("/tts", json=body)
        assert len(services.llm.asked[-1]) == 4, "nobody else has deleted it"


async def test_no_conversation_has_an_id_with_a_null_character(
    serve: Callable[..., Any],
) -> None:
    async with serve() as client:
        answer = await client.delete("/tts/conversations/%00")
        assert answer.status_code == 404
