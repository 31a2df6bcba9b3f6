"""Recordings become utterances, at the lowest priority, and interruptions lose nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.audio import SPEECH_RATE_HZ, Audio, wav_bytes
from common.config import Config
from common.errors import (
    BadValue,
    EngineFailed,
    Unavailable,
    UnsupportedAudio,
    VoiceError,
)
from common.workers import Priority, Urgency
from stt_app.core.endpointing.vad import FRAME_SAMPLES
from stt_app.core.events import Progress, UtteranceTranscribed
from stt_app.core.files.file_transcriber import FileDuration, FileTranscriber
from stt_app.core.files.journal import Journal
from stt_app.core.files.media_decoder import MediaDecoder
from stt_app.core.files.request import FileRequest
from stt_app.core.session.options import Options
from tests.fakes import FakeStt
from tests.stt.sounds import LoudnessDetector, LoudnessVad, sound
from tests.waiting import until

Speech = Callable[..., Any]


class Careful(FakeStt):
    """Remembers how urgent it was."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.urgencies: set[Any] = set()

    async def transcribe(self, request: Any, urgency: Urgency) -> Any:
        self.urgencies.add(urgency.priority)
        return await super().transcribe(request, urgency)


@pytest.fixture
async def media() -> AsyncIterator[MediaDecoder]:
    decoder = MediaDecoder(600, isolation="thread")
    yield decoder
    await decoder.stop()


@pytest.fixture
def speech(media: MediaDecoder) -> Speech:
    async def make(
        *script: Any, seconds: float = 0.0
    ) -> tuple[FileTranscriber, Careful]:
        engine = Careful(script, seconds=seconds)
        await engine.start()
        return FileTranscriber(engine, LoudnessVad(), media, Config()), engine

    return make


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Six utterances of a second, each four seconds after the other."""
    path = tmp_path / "talk.wav"
    path.write_bytes(wav_bytes(Audio(sound(*[-1, 1, -2] * 6), 16_000)))
    return path


LINES = ["one", "two", "three", "four", "five", "six"]


async def test_it_finds_what_is_said(speech: Speech, recording: Path) -> None:
    heard, engine = await speech(*LINES)
    found = [each async for each in heard.transcribe(FileRequest(recording, Options()))]
    texts = [each for each in found if isinstance(each, UtteranceTranscribed)]
    assert [each.text for each in texts] == LINES
    starts = [each.start_seconds for each in texts]
    assert starts == pytest.approx([0.7 + 4 * number for number in range(6)], abs=0.04)
    assert engine.urgencies == {Priority.FILE}
    assert FileDuration(24.0) in found
    settled = [each.audio_seconds for each in found if isinstance(each, Progress)]
    assert settled == sorted(settled)
    assert settled[-1] > 21


async def test_it_hands_on_what_is_wished(speech: Speech, recording: Path) -> None:
    heard, engine = await speech()
    wish = Options(language="de", task="translate", word_timestamps=True)
    async for _ in heard.transcribe(FileRequest(recording, wish)):
        pass
    asked = engine.heard[0]
    assert (asked.language, asked.task, asked.word_timestamps) == (
        *("de", "translate"),
        True,
    )


async def test_it_goes_on_where_it_stopped(speech: Speech, recording: Path) -> None:
    heard, _ = await speech(*LINES[2:])
    found = [
        each async for each in heard.transcribe(FileRequest(recording, Options(), 7.9))
    ]
    texts = [each for each in found if isinstance(each, UtteranceTranscribed)]
    assert [each.text for each in texts] == LINES[2:]
    assert texts[0].start_seconds == pytest.approx(8.7, abs=0.05)


@pytest.mark.parametrize(
    "error",
    [
        EngineFailed("It broke.", retry_after_seconds=1),
        BadValue("There is no such model.", field="model"),
        Unavailable("Later.", retry_after_seconds=7),
    ],
    ids=lambda error: error.code,
)
async def test_it_passes_on_the_error_of_the_engine(
    speech: Speech, recording: Path, error: VoiceError
) -> None:
    heard, _ = await speech("one", error)
    with pytest.raises(VoiceError) as raised:
        async for _ in heard.transcribe(FileRequest(recording, Options())):
            pass
    assert raised.value is error, "with its code, its field and when to try again"


async def test_it_says_that_a_file_is_no_sound(speech: Speech, tmp_path: Path) -> None:
    heard, _ = await speech()
    (tmp_path / "x.wav").write_text("no sound")
    with pytest.raises(UnsupportedAudio):
        async for _ in heard.transcribe(FileRequest(tmp_path / "x.wav", Options())):
            pass


async def test_it_reads_no_further_than_the_engine_can_follow(
    speech: Speech, media: MediaDecoder, tmp_path: Path
) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(wav_bytes(Audio(np.tile(sound(4, -1), 60), 16_000)))
    heard, engine = await speech(seconds=60)
    texts = heard.transcribe(FileRequest(path, Options()))
    waiting = asyncio.create_task(anext_of(texts))
    await until(lambda: bool(engine.heard) and seconds_read(media) > 40)
    await asyncio.sleep(0.5)
    assert 40 < seconds_read(media) < 90
    assert len(engine.heard) <= 4
    waiting.cancel()


def seconds_read(media: MediaDecoder) -> float:
    """How much of its only file the decoder has read."""
    (pool,) = media._at_work
    reader = pool._lanes[0]._handler._reader  # type: ignore[attr-defined]
    return float(reader.position) / 16_000 if reader else 0.0


async def anext_of(texts: AsyncIterator[Any]) -> Any:
    async for each in texts:
        if isinstance(each, UtteranceTranscribed):
            return each
    return None


async def test_it_ends_with_the_true_length(speech: Speech, recording: Path) -> None:
    heard, _ = await speech()
    *_, last = [
        each async for each in heard.transcribe(FileRequest(recording, Options()))
    ]
    assert last == Progress(24.0)


async def test_a_caller_that_leaves_gives_up_what_is_pending(
    speech: Speech, recording: Path
) -> None:
    heard, engine = await speech("one", seconds=0.0)
    texts = heard.transcribe(FileRequest(recording, Options()))
    assert (await anext_of(texts)).text == "one"
    engine._seconds = 60
    waiting = asyncio.create_task(anext_of(texts))
    await until(lambda: len(engine.heard) >= 3)
    waiting.cancel()
    await asyncio.wait([waiting])
    (closing,) = heard._closing
    await asyncio.wait_for(closing, 30)  # nobody waits a minute for the engine


# The journal


@pytest.mark.parametrize("stop_after", range(1, 14))
async def test_an_interruption_loses_and_doubles_nothing(
    speech: Speech, recording: Path, tmp_path: Path, stop_after: int
) -> None:
    place = tmp_path / "talk.srt.part"
    heard, _ = await speech(*LINES)
    journal = Journal(place, recording, {})
    count = 0
    async for each in heard.transcribe(FileRequest(recording, Options())):
        note(journal, each)
        count += 1
        if count == stop_after:
            break
    again = Journal(place, recording, {})
    done = len(again.utterances)
    heard, _ = await speech(*LINES[done:])
    async for each in heard.transcribe(
        FileRequest(recording, Options(), again.seconds)
    ):
        note(again, each)
    assert [each.text for each in again.utterances] == LINES
    starts = [each.start_seconds for each in again.utterances]
    assert starts == pytest.approx([0.7 + 4 * number for number in range(6)], abs=0.05)


def note(journal: Journal, each: Any) -> None:
    if isinstance(each, UtteranceTranscribed):
        journal.add(each)
    elif isinstance(each, Progress):
        journal.settle(each.audio_seconds)


def utterance(start: float) -> UtteranceTranscribed:
    sample = round(start * SPEECH_RATE_HZ)
    return UtteranceTranscribed(1, sample, sample + SPEECH_RATE_HZ, "x")


def test_it_ignores_a_line_that_a_crash_has_torn(
    tmp_path: Path, recording: Path
) -> None:
    place = tmp_path / "x.part"
    journal = Journal(place, recording, {"model": "base"})
    journal.add(utterance(1))
    journal.settle(2.5)
    journal.add(utterance(3))
    whole = place.read_bytes()
    found = set()
    for cut in range(len(whole)):
        place.write_bytes(whole[:cut])
        again = Journal(place, recording, {"model": "base"})
        found.add((again.seconds, len(again.utterances)))
    assert found == {(0.0, 0), (2.5, 1)}


@pytest.mark.parametrize("change", ["options", "source", "rubbish"])
def test_it_begins_anew_when_something_else_is_wanted(
    change: str, tmp_path: Path, recording: Path
) -> None:
    place = tmp_path / "x.part"
    journal = Journal(place, recording, {"model": "base"})
    journal.add(utterance(1))
    journal.settle(2.5)
    if change == "source":
        recording.write_bytes(recording.read_bytes() + b"\0\0")
    if change == "rubbish":
        place.write_bytes(b"\xff\xfe not ours")
    model = "tiny" if change == "options" else "base"
    again = Journal(place, recording, {"model": model})
    assert (again.seconds, again.utterances) == (0.0, [])


class CountingVad(LoudnessVad):
    """Knows how many frames were looked at."""

    def __init__(self) -> None:
        self.frames = 0

    def detector(self, silence_rms_threshold: float) -> Any:
        return CountingDetector(self)


class CountingDetector(LoudnessDetector):
    def __init__(self, vad: CountingVad) -> None:
        self._vad = vad

    def probability(self, frame: Any) -> float:
        self._vad.frames += 1
        return super().probability(frame)


async def test_many_files_at_once_hold_the_loop_no_longer_than_one(
    media: MediaDecoder, recording: Path
) -> None:
    vad, engine = CountingVad(), FakeStt()
    await engine.start()
    heard = FileTranscriber(engine, vad, media, Config())

    async def transcribe() -> None:
        async for _ in heard.transcribe(FileRequest(recording, Options())):
            pass

    files = asyncio.gather(*(transcribe() for _ in range(8)))
    most, before = 0, 0
    while not files.done():
        await asyncio.sleep(0)
        most, before = max(most, vad.frames - before), vad.frames
    await files
    assert vad.frames == 8 * 24 * SPEECH_RATE_HZ // FRAME_SAMPLES
    # Two turns of a quarter of a second may follow each other.
    assert 0 < most <= 2 * (SPEECH_RATE_HZ // 4 // FRAME_SAMPLES + 1)
