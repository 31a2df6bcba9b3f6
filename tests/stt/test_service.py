"""The one entry to listening: who is let in, what is resumed, and what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from common.audio import Audio, wav_bytes
from common.config import Config
from common.errors import (
    EngineFailed,
    Overloaded,
    Superseded,
    Unavailable,
    UnsupportedAudio,
    VoiceError,
)
from common.workers import Priority, Urgency
from gateway_app.access.principals import ANONYMOUS, LOCAL, Principal
from stt_app.core.events import (
    Progress,
    SessionClosed,
    SessionEvent,
    SessionReady,
    UtteranceTranscribed,
)
from stt_app.core.files.file_transcriber import FileDuration
from stt_app.core.files.media_decoder import MediaDecoder
from stt_app.core.files.request import FileRequest
from stt_app.core.session.engines import SessionEngines
from stt_app.core.session.options import Options
from stt_app.live_session import LiveSession
from stt_app.resume.streams import ResumePoint, Streams
from stt_app.service import ListeningService
from tests.fake_services import KeptHistory
from tests.fakes import FakeStt
from tests.stt.sounds import LoudnessVad, pcm, sound
from tests.waiting import until

ANN = Principal("key:aa", "key", "Ann")
BOB = Principal("key:bb", "key", "Bob")
BREAKING = "tests.stt.files.test_media_decoder:Breaking"


class UrgentStt(FakeStt):
    """Remembers how urgent each utterance was."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.priorities: list[Priority] = []

    async def transcribe(self, request: Any, urgency: Urgency) -> Any:
        self.priorities.append(urgency.priority)
        return await super().transcribe(request, urgency)


@dataclass
class Desk:
    """A service with what it is made of."""

    service: ListeningService
    engine: UrgentStt
    history: KeptHistory

    async def open(self, principal: Principal = ANN, **more: Any) -> LiveSession:
        options = more.pop("options", Options())
        return await self.service.open_live(
            options, principal=principal, client="10.0.0.1", session_id="s", **more
        )


Open = Callable[..., Desk]


@pytest.fixture
async def desk() -> AsyncIterator[Open]:
    """Builds services and stops them in the end."""
    made: list[Desk] = []

    def build(
        *script: Any, seconds: float = 0.0, media: Any = None, **changes: Any
    ) -> Desk:
        config = Config(
            speculative_pause_seconds=0,
            resume_seconds=5,
            whisper_lang="de",
            **changes,
        )
        engine, history = UrgentStt(script, seconds=seconds), KeptHistory()
        engine.started = True
        service = ListeningService(
            config,
            SessionEngines(engine, LoudnessVad()),
            streams=Streams(config, history),
            media=media or MediaDecoder(600, isolation="thread"),
            history=history,
        )
        made.append(Desk(service, engine, history))
        return made[-1]

    yield build
    for each in made:
        await each.service.stop()


async def spoken(live: LiveSession, *parts: Any) -> list[SessionEvent]:
    """Everything that comes of a session in which this is said."""
    live.feed(pcm(*parts))
    live.finish()
    return [event async for event in live.events()]


def token_of(ready: SessionEvent) -> str:
    assert isinstance(ready, SessionReady)
    assert ready.resume_token
    return ready.resume_token


# Live


async def test_a_session_gives_events_and_leaves_records(desk: Open) -> None:
    here = desk("hello", EngineFailed("It broke."))
    live = await here.open()
    events = await spoken(live, 1, -1, 1)
    await live.close()
    assert isinstance(events[0], SessionReady)
    assert isinstance(events[-1], SessionClosed)
    first, second = here.history.records
    assert (first.text, first.status, first.client) == ("hello", "ok", "10.0.0.1")
    assert (second.text, second.status, second.error) == ("", "error", "It broke.")
    assert [each.request_id for each in here.history.records] == ["s-1", "s-2"]
    assert {each.principal for each in here.history.records} == {ANN.id}


async def test_options_go_before_those_of_the_configuration(desk: Open) -> None:
    here = desk()
    await spoken(await here.open(), 1)
    await spoken(await here.open(options=Options(language="fr")), 1)
    assert [each.language for each in here.engine.heard] == ["de", "fr"]


@pytest.mark.parametrize(
    ("more", "priority"),
    [
        ({}, Priority.FINAL),
        ({"options": Options(purpose="file")}, Priority.FILE),
        ({"priority": Priority.LATER_CLAUSE}, Priority.LATER_CLAUSE),
    ],
)
async def test_an_endpoint_says_how_urgent_its_texts_are(
    desk: Open, more: dict[str, Any], priority: Priority
) -> None:
    here = desk()
    await spoken(await here.open(**more), 1)
    assert here.engine.priorities == [priority]


async def test_nobody_new_is_let_in_while_texts_are_late(desk: Open) -> None:
    here = desk(stt_lag_limit_seconds=0.05)
    live = await here.open()
    token = token_of(await anext(live.events()))
    with here.service.load.waiting(Urgency(Priority.FINAL)):
        await asyncio.sleep(0.1)
        with pytest.raises(Overloaded) as refused:
            await here.open()
        assert refused.value.retry_after_seconds
        await (await here.open(resume=ResumePoint(token))).close()
    await (await here.open()).close()
    await live.close()


async def test_a_lost_stream_goes_on_for_its_principal(desk: Open) -> None:
    here = desk("one", "two")
    live = await here.open()
    events = live.events()
    token = token_of(await anext(events))
    live.feed(pcm(1, -1))
    async for event in events:
        if isinstance(event, UtteranceTranscribed):
            break
    await anext(events)
    await live.close(lost=True)
    again = await here.open(resume=ResumePoint(token))
    ready, *rest = await spoken(again, 1)
    await again.close()
    assert isinstance(ready, SessionReady)
    assert ready.resumed is True
    numbers = [e.utterance_id for e in rest if isinstance(e, UtteranceTranscribed)]
    assert numbers == [2]
    assert [each.text for each in here.history.records] == ["one", "two"]


async def test_a_stream_is_not_resumed_by_another_principal(desk: Open) -> None:
    here = desk("mine")
    live = await here.open(ANN)
    events = live.events()
    token = token_of(await anext(events))
    other = await here.open(BOB, resume=ResumePoint(token))
    ready = await anext(other.events())
    assert isinstance(ready, SessionReady)
    assert ready.resumed is False
    assert ready.resume_token != token
    live.feed(pcm(1))
    live.finish()
    found = [event async for event in events]
    texts = [each.text for each in found if isinstance(each, UtteranceTranscribed)]
    assert texts == ["mine"], "the first connection does not notice"
    await live.close()
    await other.close()


async def test_a_stream_that_is_taken_up_ends_its_first_connection(desk: Open) -> None:
    here = desk("never kept")
    live = await here.open()
    events = live.events()
    token = token_of(await anext(events))
    live.feed(pcm(1))
    again = await here.open(resume=ResumePoint(token))
    with pytest.raises(Superseded):
        async for _ in events:
            pass
    await live.close()
    assert here.history.records == []
    await again.close()


async def test_the_last_words_of_a_lost_client_are_kept_when_the_server_stops(
    desk: Open,
) -> None:
    here = desk("last words")
    live = await here.open()
    await anext(live.events())
    live.feed(pcm(1))
    await live.close(lost=True)
    assert here.history.records == []
    await here.service.stop()
    assert [each.text for each in here.history.records] == ["last words"]


# Files


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two utterances."""
    path = tmp_path / "talk.wav"
    path.write_bytes(wav_bytes(Audio(sound(-1, 1, -2, 1, -1), 16_000)))
    return path


async def transcribed(
    here: Desk, path: Path, start_seconds: float = 0.0, **more: Any
) -> list[Any]:
    request = FileRequest(path, Options(), start_seconds)
    events = here.service.transcribe_file(request, principal=LOCAL, **more)
    return [event async for event in events]


async def test_a_file_gives_its_utterances_and_one_record(
    desk: Open, recording: Path
) -> None:
    here = desk("one", "two")
    found = await transcribed(here, recording, client="10.0.0.2", request_id="r")
    texts = [each.text for each in found if isinstance(each, UtteranceTranscribed)]
    assert texts == ["one", "two"]
    assert any(isinstance(each, FileDuration) for each in found)
    assert any(isinstance(each, Progress) for each in found)
    assert here.engine.priorities == [Priority.FILE] * 2
    (record,) = here.history.records
    assert (record.request_id, record.text, record.status) == ("r", "one two", "ok")
    assert (record.client, record.principal) == ("10.0.0.2", LOCAL.id)
    assert record.duration_seconds == pytest.approx(5.3, abs=0.1)


async def test_a_file_that_somebody_waits_for_may_be_more_urgent(
    desk: Open, recording: Path
) -> None:
    here = desk()
    await transcribed(here, recording, priority=Priority.FINAL)
    assert here.engine.priorities == [Priority.FINAL] * 2


async def test_a_file_goes_on_from_a_place(desk: Open, recording: Path) -> None:
    here = desk("two")
    found = await transcribed(here, recording, start_seconds=3.5)
    (text,) = [each for each in found if isinstance(each, UtteranceTranscribed)]
    assert text.start_seconds == pytest.approx(3.7, abs=0.05)


@pytest.mark.parametrize(
    "error",
    [EngineFailed("It broke.", retry_after_seconds=3), Unavailable("Not now.")],
    ids=lambda error: error.code,
)
async def test_a_file_fails_with_the_error_of_the_engine(
    desk: Open, recording: Path, error: VoiceError
) -> None:
    here = desk("one", error)
    with pytest.raises(VoiceError) as raised:
        await transcribed(here, recording)
    assert raised.value is error
    (record,) = here.history.records
    assert (record.text, record.status, record.error) == ("one", "error", error.message)


async def test_a_file_that_is_no_sound_says_so(desk: Open, tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_text("no sound")
    here = desk()
    with pytest.raises(UnsupportedAudio):
        await transcribed(here, tmp_path / "x.wav")
    assert here.history.records[0].status == "error"


async def test_a_file_that_is_given_up_is_recorded_as_cancelled(
    desk: Open, recording: Path
) -> None:
    here = desk("one", "two")
    request = FileRequest(recording, Options())
    events = here.service.transcribe_file(request, principal=ANONYMOUS)
    async for event in events:
        if isinstance(event, UtteranceTranscribed):
            break
    await events.aclose()
    (record,) = here.history.records
    assert (record.text, record.status) == ("one", "cancelled")


async def test_a_file_that_hangs_holds_up_no_other(
    desk: Open, recording: Path, tmp_path: Path
) -> None:
    media = MediaDecoder(600, processes=2, worker=BREAKING)
    here = desk("one", "two", media=media)
    (tmp_path / "hang").write_bytes(b"x")
    hanging = asyncio.create_task(transcribed(here, tmp_path / "hang"))
    await until(lambda: len(media._at_work) == 1)
    found = await transcribed(here, recording)
    texts = [each.text for each in found if isinstance(each, UtteranceTranscribed)]
    assert texts == ["one", "two"]
    assert not hanging.done()
    hanging.cancel()
    await asyncio.wait({hanging})
