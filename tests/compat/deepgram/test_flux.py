"""`WS /v2/listen`: turns, eager ends, configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from common.errors import EngineFailed
from tests.compat.deepgram.sockets import LINEAR, Client, connected, hearing
from tests.fake_services import NO_INTERIM, FakeServices

PATH = f"/v2/listen?{LINEAR}&model=flux-general-en"
EAGER = f"{PATH}&eager_eot_threshold=0.3"
PREPARED: dict[str, Any] = {"speculative_pause_seconds": 0.12}
"""Final texts are prepared in a pause."""


def finals(script: Sequence[str | Exception] = (), **changes: Any) -> FakeServices:
    """Services whose lines are all finals: no interim text takes one."""
    return hearing(script, **{**NO_INTERIM, **changes})


class Turns:
    """What a client was told, without the plain updates."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.updates: list[dict[str, Any]] = []
        self._sequence = 0

    async def next(self) -> dict[str, Any]:
        """The next message that is not an `Update`."""
        while (message := await self.client.next())["type"] != "close":
            assert message["sequence_id"] == self._sequence
            self._sequence += 1
            if message.get("event") != "Update":
                return message
            self.updates.append(message)
        return message

    async def event(self, name: str) -> dict[str, Any]:
        message = await self.next()
        assert (message["type"], message.get("event")) == ("TurnInfo", name), message
        return message

    async def start(self) -> None:
        assert (await self.next())["type"] == "Connected"


async def in_real_time(client: Client, *parts: float) -> None:
    """Send speech and pauses, with time for the engine after each piece."""
    for part in parts:
        pieces = max(1, round(abs(part) / 0.1))
        for _ in range(pieces):
            await client.say(part / pieces)
            for _ in range(20):
                await asyncio.sleep(0)


async def test_a_turn_starts_and_ends_with_its_text() -> None:
    async with connected(finals(["Hello, there."]), PATH) as client:
        turns = Turns(client)
        await turns.start()
        await in_real_time(client, -1, 1, -1)
        started = await turns.event("StartOfTurn")
        assert (started["turn_index"], started["transcript"]) == (0, "")
        assert started["audio_window_start"] == pytest.approx(0.7, abs=0.1)
        ended = await turns.event("EndOfTurn")
    assert (ended["transcript"], ended["trigger"]) == ("Hello, there.", "model")
    assert [each["word"] for each in ended["words"]] == ["Hello,", "there."]
    assert [each["confidence"] for each in ended["words"]] == [0.9, 0.9]
    assert ended["words"][0]["start"] == pytest.approx(0.7, abs=0.1)
    assert ended["end_of_turn_confidence"] == 0.7
    assert ended["audio_window_end"] == pytest.approx(2.7, abs=0.2)


async def test_turns_are_counted() -> None:
    async with connected(finals(["one", "two"]), PATH) as client:
        turns = Turns(client)
        await turns.start()
        for index, text in enumerate(["one", "two"]):
            await in_real_time(client, 1, -1)
            await turns.event("StartOfTurn")
            ended = await turns.event("EndOfTurn")
            assert (ended["turn_index"], ended["transcript"]) == (index, text)


async def test_updates_come_every_quarter_of_a_second() -> None:
    async with connected(finals(), PATH) as client:
        turns = Turns(client)
        await turns.start()
        await in_real_time(client, -1, 1)
        await client.tell("CloseStream")
        while (await turns.next())["type"] != "close":
            pass
    ends = [each["audio_window_end"] for each in turns.updates]
    assert len(ends) == pytest.approx(2 / 0.3, abs=1)
    steps = [later - earlier for earlier, later in pairwise(ends)]
    assert min(steps) > 0.2
    assert {each["transcript"] for each in turns.updates} == {""}


async def test_updates_hold_the_interim_text() -> None:
    services = hearing(["and so", "and so my", "And so, my fellow."])
    async with connected(services, PATH) as client:
        turns = Turns(client)
        await turns.start()
        await in_real_time(client, 1.5, -1)
        await turns.event("StartOfTurn")
        await turns.event("EndOfTurn")
    texts = [each["transcript"] for each in turns.updates]
    assert "and so" in texts
    words = next(each["words"] for each in turns.updates if each["words"])
    assert words[0] == {"word": "and", "confidence": 0.9}


async def test_an_eager_end_comes_in_the_pause_and_is_confirmed() -> None:
    services = finals(["All of it."], **PREPARED)
    async with connected(services, EAGER) as client:
        turns = Turns(client)
        await turns.start()
        await in_real_time(client, 1, -0.5)
        await turns.event("StartOfTurn")
        eager = await turns.event("EagerEndOfTurn")
        assert eager["transcript"] == "All of it."
        assert 0.3 <= eager["end_of_turn_confidence"] < 0.7
        assert eager["words"][0]["start"] is not None
        await in_real_time(client, -0.5)
        ended = await turns.event("EndOfTurn")
    assert ended["transcript"] == eager["transcript"]
    assert ended["words"] == eager["words"]
    assert len(services.stt.heard) == 1, "the text was asked for once only"


async def test_speech_takes_an_eager_end_back() -> None:
    services = finals(["All of", "All of it."], **PREPARED)
    async with connected(services, EAGER) as client:
        turns = Turns(client)
        await turns.start()
        await in_real_time(client, 1, -0.5, 1, -1)
        await turns.event("StartOfTurn")
        assert (await turns.event("EagerEndOfTurn"))["transcript"] == "All of"
        assert (await turns.event("TurnResumed"))["turn_index"] == 0
        assert (await turns.event("EagerEndOfTurn"))["transcript"] == "All of it."
        assert (await turns.event("EndOfTurn"))["transcript"] == "All of it."


async def test_without_a_threshold_there_is_no_eager_end() -> None:
    async with connected(finals(**PREPARED), PATH) as client:
        turns = Turns(client)
        await turns.start()
        await in_real_time(client, 1, -0.4, 1, -1)
        await turns.event("StartOfTurn")
        await turns.event("EndOfTurn")


async def test_a_turn_can_be_forced_to_end() -> None:
    path = f"{PATH}&eot_threshold=1.0&eot_timeout_ms=60000"
    async with connected(finals(["one", "two"]), path) as client:
        turns = Turns(client)
        await turns.start()
        await client.tell("ForceEndTurn")  # ignored, as nobody speaks
        for text in ("one", "two"):
            await in_real_time(client, 1, -2)
            await client.tell("ForceEndTurn")
            await turns.event("StartOfTurn")
            ended = await turns.event("EndOfTurn")
            assert (ended["transcript"], ended["trigger"]) == (text, "manual")


async def test_a_long_pause_times_out() -> None:
    path = f"{PATH}&eot_threshold=1.0&eot_timeout_ms=1500"
    async with connected(finals(), path) as client:
        turns = Turns(client)
        await turns.start()
        await in_real_time(client, 1, -1.2, 1, -1.7)
        await turns.event("StartOfTurn")
        assert (await turns.event("EndOfTurn"))["trigger"] == "timeout"


async def test_a_turn_longer_than_an_utterance_has_all_of_its_text() -> None:
    services = finals(["one", "two", "three"], max_utterance_seconds=2)
    async with connected(services, PATH) as client:
        turns = Turns(client)
        await turns.start()
        await in_real_time(client, 5, -1)
        await turns.event("StartOfTurn")
        ended = await turns.event("EndOfTurn")
    assert ended["transcript"].startswith("one two three")
    starts = [each["start"] for each in ended["words"]]
    assert starts == sorted(starts)


async def test_closing_ends_the_turn_and_the_connection() -> None:
    async with connected(finals(["last words"]), PATH) as client:
        turns = Turns(client)
        await turns.start()
        await in_real_time(client, 1)
        await client.tell("CloseStream")
        await turns.event("StartOfTurn")
        assert (await turns.event("EndOfTurn"))["transcript"] == "last words"
        assert await turns.next() == {"type": "close", "code": 1000}


async def test_a_failure_is_a_warning_and_an_empty_turn() -> None:
    async with connected(finals([EngineFailed("It broke."), "well"]), PATH) as client:
        turns = Turns(client)
        await turns.start()
        await in_real_time(client, 1, -1)
        await turns.event("StartOfTurn")
        warning = await turns.next()
        assert (warning["type"], warning["code"]) == ("Warning", "ENGINE_FAILED")
        assert (await turns.event("EndOfTurn"))["transcript"] == ""
        await in_real_time(client, 1, -1)
        await turns.event("StartOfTurn")
        assert (await turns.event("EndOfTurn"))["transcript"] == "well"


async def test_configure_changes_thresholds_and_key_terms() -> None:
    services = finals(**PREPARED)
    async with connected(services, f"{PATH}&keyterm=Marlow") as client:
        turns = Turns(client)
        await turns.start()
        thresholds = {"eager_eot_threshold": 0.4, "eot_timeout_ms": None}
        await client.tell("Configure", thresholds=thresholds)
        success = await turns.next()
        assert success["thresholds"] == {
            "eot_threshold": 0.7,
            "eager_eot_threshold": 0.4,
            "eot_timeout_ms": 5_000,
        }
        assert success["keyterms"] == ["Marlow"]
        await in_real_time(client, 1, -1)
        await turns.event("StartOfTurn")
        await turns.event("EagerEndOfTurn")
        await turns.event("EndOfTurn")
        await client.tell("Configure", keyterms="Dashwood", language_hints=["de"])
        assert (await turns.next())["keyterms"] == ["Dashwood"]
        await in_real_time(client, 1, -1)
        started = await turns.event("StartOfTurn")
        assert started["languages_hinted"] == ["de"]
    heard = [(each.hotwords, each.language) for each in services.stt.heard]
    assert heard[0] == ("Marlow", "en")
    assert heard[-1] == ("Dashwood", "de")


@pytest.mark.parametrize(
    "configuration",
    [
        {"thresholds": {"eot_threshold": 0.2}},
        {"thresholds": {"eot_threshold": 1.1}},
        {"thresholds": {"eager_eot_threshold": 0.95}},
        {"thresholds": {"eot_timeout_ms": 100}},
        {"keyterms": ["x" * 900]},
        {"language_hints": ["klingon"]},
    ],
)
async def test_a_wrong_configuration_changes_nothing(configuration: Any) -> None:
    async with connected(finals(), PATH) as client:
        turns = Turns(client)
        await turns.start()
        await client.tell("Configure", **configuration)
        failure = await turns.next()
        assert (failure["type"], failure["code"]) == ("ConfigureFailure", "BAD_VALUE")
        await client.tell("Configure")
        success = await turns.next()
        assert success["thresholds"] == {"eot_threshold": 0.7, "eot_timeout_ms": 5_000}
        assert success["keyterms"] == []


@pytest.mark.parametrize(
    ("query", "language"),
    [
        ("model=flux-general-en", "en"),
        ("model=flux-general-multi", "auto"),
        ("model=flux-general-multi&language_hint=de", "de"),
        ("model=flux-general-multi&language_hint=de&language_hint=en", "auto"),
        ("model=fake-whisper", "auto"),
        ("model=flux-general-en&language=fr-CA", "fr"),
    ],
)
async def test_the_model_and_hints_choose_the_language(
    query: str, language: str
) -> None:
    services = finals()
    async with connected(services, f"/v2/listen?{LINEAR}&{query}") as client:
        turns = Turns(client)
        await turns.start()
        await in_real_time(client, 1, -1)
        await turns.event("StartOfTurn")
        ended = await turns.event("EndOfTurn")
    assert services.stt.heard[0].language == language
    assert ("languages" in ended) == ("multi" in query)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("eot_threshold=0.2", "eot_threshold"),
        ("eot_threshold=nan", "eot_threshold"),
        ("eager_eot_threshold=1", "eager_eot_threshold"),
        ("eot_timeout_ms=1", "eot_timeout_ms"),
        ("eot_timeout_ms=soon", "eot_timeout_ms"),
        ("encoding=flac", "encoding"),
        ("language_hint=klingon", "language"),
        ("redact=pci", "redact"),
    ],
)
async def test_it_says_what_is_wrong_with_an_address(query: str, field: str) -> None:
    async with connected(finals(), f"/v2/listen?{query}") as client:
        (error,), code = await client.until_closed()
    assert (error["type"], error["code"], code) == ("Error", "BAD_VALUE", 4400)
    assert field in error["description"]


@pytest.mark.parametrize(
    "text",
    ["hello", "{}", '{"type": "KeepAlive"}', '{"type": "Configure", "keyterms": 3}'],
)
async def test_a_bad_message_is_explained_and_the_stream_goes_on(text: str) -> None:
    async with connected(finals(["still here"]), PATH) as client:
        turns = Turns(client)
        await turns.start()
        await client.socket.send_to(text_data=text)
        assert (await turns.next())["type"] == "Error"
        await in_real_time(client, 1, -1)
        await turns.event("StartOfTurn")
        assert (await turns.event("EndOfTurn"))["transcript"] == "still here"
