"""What holds for every client, whatever it sends in whatever order."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest

from common.errors import BadRequest
from compat_app.realtime.shared.errors import error_event
from compat_app.realtime.shared.messages import CLIENT_MESSAGES
from compat_app.realtime.shared.reading import read_event
from tests.compat.realtime.conftest import Listening
from tests.compat.realtime.sdk_types import check_event
from tests.compat.realtime.sockets import Client, connected, of

STEPS = 25
SERVER_VAD = {"type": "server_vad", "silence_duration_ms": 300}
TURNS = (SERVER_VAD, {"type": "semantic_vad", "eagerness": "high"}, None)

KINDS = [str(each.model_fields["type"].default) for each in CLIENT_MESSAGES]
NAMES = [
    *("type", "event_id", "audio", "session", "input", "format", "rate", "language"),
    *("transcription", "turn_detection", "include", "languages", "keywords"),
]
LEAVES: list[Any] = [
    *(None, True, 0, -1, 1e300, "", "x", "é", "en"),
    *("transcription", "realtime", "server_vad", "semantic_vad", "audio/pcm"),
]


def anything(chance: random.Random, depth: int = 4) -> Any:
    """A JSON value of names that mean something and values that often do not."""
    if depth == 0 or chance.random() < 0.3:
        return chance.choice(LEAVES)
    if chance.random() < 0.2:
        return [anything(chance, depth - 1) for _ in range(chance.randrange(3))]
    names = chance.sample(NAMES, chance.randrange(5))
    return {name: anything(chance, depth - 1) for name in names}


@pytest.mark.parametrize("kind", KINDS)
def test_any_object_is_an_event_or_a_refusal(kind: str) -> None:
    chance = random.Random(kind)
    read = refused = 0
    for _ in range(500):
        fields = {name: anything(chance) for name in chance.sample(NAMES, 4)}
        try:
            event = read_event(json.dumps({**fields, "type": kind}))
        except BadRequest as error:
            check_event(error_event(error).wire())
            refused += 1
        else:
            assert event.model_dump()["type"] == kind
            read += 1
    assert read > 10
    assert refused > 10


async def act(client: Client, chance: random.Random, *, clears: bool) -> None:
    """One thing that a client may do."""
    weights = [8, 2, 1, 1 if clears else 0]
    action = chance.choices(["say", "commit", "turns", "clear"], weights)[0]
    if action == "say":
        speech, pause = chance.choice([0.4, 0.7, 2.5]), chance.choice([0.1, 0.5, 2.2])
        await client.say(speech, -pause)
    elif action == "turns":
        turns = {"audio": {"input": {"turn_detection": chance.choice(TURNS)}}}
        await client.send("session.update", session=turns)
    else:
        await client.send(f"input_audio_buffer.{action}")


async def until_idle(client: Client) -> list[dict[str, Any]]:
    """Every event until the server has read all that was sent."""
    await client.send("nothing", event_id="the last one")
    events = [await client.next()]
    while events[-1].get("error", {}).get("event_id") != "the last one":
        events.append(await client.next())
    return events


@pytest.mark.parametrize("clears", [False, True], ids=["keeps", "clears"])
@pytest.mark.parametrize("seed", range(3))
async def test_every_turn_has_one_transcript_and_no_word_is_lost(
    listening: Listening, seed: int, clears: bool
) -> None:
    chance = random.Random(seed)
    words = [f"w{number}" for number in range(1_000)]
    services = listening(
        words,
        max_utterance_seconds=2,
        partial_first_seconds=0.35,
        partial_interval_seconds=0.5,
    )
    async with connected(services) as client:
        for _ in range(STEPS):
            await act(client, chance, clears=clears)
        events = await until_idle(client)
        draining = asyncio.create_task(services.sessions.drain(5))
        rest, _ = await client.until_closed()
        await client.socket.disconnect()
        assert await draining
    events += rest
    check_turns(events)
    told = [word for each in of(events, ".completed") for word in said(each)]
    spoken = [record.text for record in services.history.records]
    assert len(spoken) > STEPS / 3
    if clears:
        assert [word for word in spoken if word in told] == told
    else:
        assert spoken == told


def said(completed: dict[str, Any]) -> list[str]:
    return str(completed["transcript"]).split()


def check_turns(events: list[dict[str, Any]]) -> None:
    committed = [each["item_id"] for each in of(events, ".committed")]
    completed = [each["item_id"] for each in of(events, ".completed")]
    assert committed == completed
    assert len(set(committed)) == len(committed)
    before = [each["previous_item_id"] for each in of(events, ".committed")]
    assert before == [None, *committed][: len(before)]
    for number, item_id in enumerate(committed):
        mine = [place for place, each in enumerate(events) if item_of(each) == item_id]
        kinds = [events[place]["type"].rpartition(".")[2] for place in mine]
        assert kinds[-1] == "completed"
        added = kinds.index("added")
        assert kinds[added - 1 : added + 2] == ["committed", "added", "done"]
        if number:
            first_delta = next((p for p in mine if "delta" in events[p]), mine[-1])
            assert first_delta > place_of(events, committed[number - 1])


def item_of(event: dict[str, Any]) -> Any:
    return event.get("item_id") or event.get("item", {}).get("id")


def place_of(events: list[dict[str, Any]], item_id: str) -> int:
    """Where the transcript of that item is."""
    (place,) = [
        place
        for place, event in enumerate(events)
        if event["type"].endswith(".completed") and event["item_id"] == item_id
    ]
    return place
