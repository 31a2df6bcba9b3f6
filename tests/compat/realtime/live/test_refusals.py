"""What `/v1/live/sessions` refuses, and that the session goes on."""

from __future__ import annotations

from typing import Any

import pytest

from compat_app.realtime.live.waiting import MOST_COMMENTARY
from tests.chat.services import Talk, talk_services
from tests.compat.realtime.live.sockets import opened

CLIENT_ANSWERS = {"delegation": {"type": "client"}}


@pytest.fixture
def live() -> Talk:
    """Makes services whose speech to text follows a script."""
    return talk_services


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ({"voice": "marin"}, "session.voice"),
        ({"store": True}, "session.store"),
        (
            {"audio": {"format": {"type": "audio/pcm", "rate": 48_000}}},
            "session.audio.format.rate",
        ),
        ({"audio": {"format": {"type": "mp3"}}}, "session.audio.format.type"),
        ({"audio": {"input": {}}}, "session.audio.input"),
        ({"audio": {"output": {"voice": {"id": 5}}}}, "session.audio.output.voice.id"),
        ({"input": [{"role": "user", "content": []}]}, "session.input.0.content"),
        ({"delegation": {"type": "decisions"}}, "session.delegation.type"),
        (
            {
                "delegation": {
                    "type": "responses",
                    "responses": {"model": "x", "tools": [{"type": "web_search"}]},
                }
            },
            "session.delegation.responses.tools",
        ),
    ],
)
async def test_a_configuration_that_is_not_served_is_refused_by_name(
    live: Talk, session: dict[str, Any], param: str
) -> None:
    async with opened(live()) as client:
        await client.send("session.start", session={"model": "gpt-live-1", **session})
        assert (await client.error())["param"] == param
        # The client may try again.
        await client.start()


async def test_a_model_that_is_not_known_is_refused_and_the_session_goes_on(
    live: Talk,
) -> None:
    async with opened(live(strict_model_names=True)) as client:
        await client.send("session.start", session={"model": "nobody"})
        assert (await client.error())["param"] == "session.model"
        await client.start(delegation={"type": "responses"})
        other = {"type": "responses", "responses": {"model": "nobody"}}
        await client.send("session.update", session={"delegation": other})
        error = await client.error()
        assert error["param"] == "session.delegation.responses.model"
        await client.send("session.close")
        assert (await client.until_closed())[1] == 1_000


async def test_the_first_event_must_start_the_session(live: Talk) -> None:
    async with opened(live()) as client:
        await client.append(bytes(4_800))
        assert "session.start" in (await client.error())["message"]


async def test_a_text_too_many_is_refused_and_the_session_goes_on(live: Talk) -> None:
    async with opened(live()) as client:
        await client.start(**CLIENT_ANSWERS)
        for number in range(MOST_COMMENTARY + 10):
            content = f"This is the text with the number {number}."
            await client.send("session.commentary.append", content=content)
        refused = [(await client.until("error"))[-1]["error"] for _ in range(4)]
        assert {each["code"] for each in refused} == {"too_many_requests"}
        await client.send("session.close")
        events, code = await client.until_closed()
    assert (events[-1]["reason"], code) == ("close_requested", 1_000)


@pytest.mark.parametrize("content", [" ", "\n\t", "\0"])
async def test_a_text_that_is_blank_is_refused(live: Talk, content: str) -> None:
    async with opened(live()) as client:
        await client.start()
        await client.send("session.commentary.append", content=content, event_id="e")
        error = await client.error()
    assert (error["param"], error["client_event_id"]) == ("content", "e")


async def test_what_comes_at_the_wrong_time_does_not_end_it(live: Talk) -> None:
    async with opened(live()) as client:
        for _ in range(5):
            await client.send("session.close", event_id="early")
            assert (await client.error())["client_event_id"] == "early"
        await client.start()
        for kind in ("session.start", "response.create") * 3:
            given = {"session": {"model": "m"}} if kind == "session.start" else {}
            await client.send(kind, event_id=kind, **given)
            assert (await client.error())["client_event_id"] == kind
        for _ in range(3):
            await client.socket.send_to(text_data="nonsense")
        errors, code = await client.until_closed()
    assert (len(errors), code) == (3, 4_400)
