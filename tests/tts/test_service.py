"""The one entry to speech: what every endpoint gets from it, and what is kept of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from common.errors import (
    BadValue,
    EngineFailed,
    TooLarge,
    TooMany,
    UnknownVoice,
    Unspeakable,
)
from common.workers import Priority, Urgency
from gateway_app.access.principals import Principal
from tests.fake_services import FakeServices
from tests.fakes import FakeLlm, FakeTts
from tests.waiting import until
from tts_app.core.engine import VoiceSettings
from tts_app.core.events import ClauseStarted, PcmAudio, SpeechEvent, SpeechFinished
from tts_app.speech_request import SpeechRequest
from tts_app.speech_stream import SpeechStream

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "The library closes at nine, but come back later."
ADA = Principal("user:1", "user", "ada")
PATIENCE_SECONDS = 30.0
Make = Callable[..., FakeServices]


def given(text: str = TEXT, **more: object) -> SpeechRequest:
    return SpeechRequest(text, llm=False, **more)  # type: ignore[arg-type]


async def events_of(stream: SpeechStream) -> list[SpeechEvent]:
    return [event async for event in stream]


async def test_an_endpoint_gets_pcm_clauses_and_the_end(services: FakeServices) -> None:
    stream = await services.speech.open(given())
    *events, finished = await events_of(stream)
    audio = [each for each in events if isinstance(each, PcmAudio)]
    assert {each.rate_hz for each in audio} == {stream.rate_hz}
    assert all(each.samples.dtype == np.float32 for each in audio)
    assert len([each for each in events if isinstance(each, ClauseStarted)]) == 2
    assert isinstance(finished, SpeechFinished)
    assert finished.seconds == pytest.approx(sum(each.seconds for each in audio))


async def test_it_is_open_as_soon_as_there_is_audio(make_services: Make) -> None:
    services = make_services(llm=FakeLlm([f"{TEXT} "] * 40, seconds=0.02))
    stream = await services.speech.open(SpeechRequest("A story?"))
    assert services.history.records == []
    stream.close()
    await until(lambda: bool(services.history.records))


@pytest.mark.parametrize(
    ("voice", "error"),
    [
        (VoiceSettings(voice="xx_XX-none-low"), UnknownVoice),
        (VoiceSettings(speaker="ada"), BadValue),
        (VoiceSettings(speed=5.0), BadValue),
    ],
)
async def test_it_refuses_what_cannot_be_before_it_works(
    services: FakeServices, voice: VoiceSettings, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await services.speech.open(given(voice=voice))
    assert services.tts.said == []


async def test_an_error_keeps_its_code_and_when_to_come_back(
    make_services: Make,
) -> None:
    busy = EngineFailed("No worker.", retry_after_seconds=7)
    services = make_services(llm=FakeLlm([busy]))
    with pytest.raises(EngineFailed) as refused:
        await services.speech.open(SpeechRequest("A story?"))
    assert refused.value.retry_after_seconds == 7
    full = make_services(
        tts=FakeTts(seconds=5), tts_max_concurrent=1, tts_queue_limit=0
    )
    first = asyncio.create_task(full.speech.open(given()))
    await until(lambda: full.speech.running == 1)
    with pytest.raises(TooMany) as turned_away:
        await full.speech.open(given())
    assert turned_away.value.retry_after_seconds
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


async def test_closing_it_from_another_thread_ends_its_events(
    make_services: Make,
) -> None:
    services = make_services(llm=FakeLlm([f"{TEXT} "] * 40, seconds=0.02))
    stream = await services.speech.open(SpeechRequest("A story?"))
    closing = threading.Thread(target=stream.close)
    closing.start()
    events = await asyncio.wait_for(events_of(stream), 5)
    closing.join()
    assert not [each for each in events if isinstance(each, SpeechFinished)]
    (record,) = services.history.records
    assert record.status == "cancelled"
    assert services.speech.running == 0
    assert services.llm.stopped == 1


async def test_a_slow_reader_of_a_short_answer_holds_no_place(
    services: FakeServices,
) -> None:
    stream = await services.speech.open(given())
    await until(lambda: services.speech.running == 0)
    assert isinstance((await events_of(stream))[-1], SpeechFinished)


async def test_the_history_tells_how_long_each_stage_took(
    make_services: Make,
) -> None:
    services = make_services(llm=FakeLlm(["Once there was a ship."]))
    request = SpeechRequest("A story?", request_id="r", audio_format="mp3")
    await events_of(
        await services.speech.open(request, principal=ADA, client="10.0.0.1")
    )
    (record,) = services.history.records
    assert (record.request_id, record.client) == ("r", "10.0.0.1")
    assert record.principal == ADA.id
    assert (record.text_in, record.text_out) == ("A story?", "Once there was a ship.")
    assert (record.status, record.error, record.audio_format) == ("ok", "", "mp3")
    assert record.duration_seconds > 1
    stages = record.stages_ms
    assert 0 <= stages["llm_first_token"] <= stages["first_audio"] <= stages["total"]


async def test_a_speculation_that_is_given_up_counts_as_cancelled(
    make_services: Make,
) -> None:
    services = make_services(tts=FakeTts(seconds=30))
    urgency = Urgency(Priority.SPECULATIVE)
    opening = asyncio.create_task(services.speech.open(given(), urgency=urgency))
    await until(lambda: bool(services.tts.said))
    urgency.give_up()
    await asyncio.gather(opening, return_exceptions=True)
    (record,) = services.history.records
    assert (record.status, record.error) == ("cancelled", "")
    assert services.speech.running == 0


async def written(*pieces: str, gate: asyncio.Event | None = None) -> Any:
    """A text as somebody writes it; its last piece waits for the gate."""
    *first, last = pieces
    for piece in first:
        yield piece
    if gate is not None:
        await gate.wait()
    yield last


async def test_a_text_that_is_still_written_is_spoken_as_it_comes(
    services: FakeServices,
) -> None:
    gate = asyncio.Event()
    pieces = written("The library closes at nine, ", "but come back.", gate=gate)
    stream = await services.speech.open(given(""), pieces=pieces)
    assert [request.text for request in services.tts.said] == [
        "The library closes at nine,"
    ]
    gate.set()
    *_, finished = await events_of(stream)
    assert isinstance(finished, SpeechFinished) and finished.error is None
    (record,) = services.history.records
    assert (
        record.text_in
        == record.text_out
        == ("The library closes at nine, but come back.")
    )


async def test_a_written_text_is_no_question(services: FakeServices) -> None:
    request = SpeechRequest("Not this.", llm=True)
    await events_of(await services.speech.open(request, pieces=written("Hi.")))
    assert [request.text for request in services.tts.said] == ["Hi."]
    assert services.llm.asked == []


async def test_a_written_text_has_the_limit_of_every_text(make_services: Make) -> None:
    services = make_services(tts_max_text_length=20)
    stream = await services.speech.open(
        given(""), pieces=written("Just as long,", " yes. ", "And too long.")
    )
    *_, finished = await events_of(stream)
    assert isinstance(finished, SpeechFinished)
    assert isinstance(finished.error, TooLarge)
    assert "`tts_max_text_length`" in finished.error.message
    with pytest.raises(TooLarge):
        await services.speech.open(given(""), pieces=written("x" * 21))


@pytest.mark.parametrize("text", ["", " ", "***"])
async def test_a_written_text_without_words_cannot_be_spoken(
    services: FakeServices, text: str
) -> None:
    with pytest.raises(Unspeakable):
        await services.speech.open(given(""), pieces=written(text))
    assert services.speech.running == 0


async def test_it_is_remembered_before_the_reader_sees_the_end(
    make_services: Make,
) -> None:
    services = make_services(llm=FakeLlm(["It is called Rex."]))
    asked = SpeechRequest("My dog?", conversation_id="dogs")
    async for _event in await services.speech.open(asked, principal=ADA):
        pass
    async for _event in await services.speech.open(asked, principal=ADA):
        pass
    said = [message.content for message in services.llm.asked[-1]]
    assert said[1:] == ["My dog?", "It is called Rex.", "My dog?"]
