"""A session hears everything, in order, and never makes its caller wait."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st

from common.audio import SPEECH_RATE_HZ
from common.config.speech import ListeningSettings
from common.errors import EngineFailed, Overloaded
from common.metrics import REGISTRY
from stt_app.core.endpointing.events import UtteranceEnded
from stt_app.core.endpointing.frontend import AudioFrontend
from stt_app.core.events import UtteranceFailed
from stt_app.core.session.engines import SessionEngines
from stt_app.core.session.options import Options
from stt_app.core.session.session import SttSession
from stt_app.core.session.settings import SessionSettings
from tests.fakes import FakeStt
from tests.stt.listening import FRAME_BYTES, Listening
from tests.stt.sounds import LoudnessVad, pcm


async def test_it_says_it_is_ready_and_transcribes_what_is_said() -> None:
    listening = Listening(FakeStt(["hello"]))
    await listening.feed(-0.5, 1, -1)
    await listening.settle()
    (ready,), (transcript,) = listening.of("ready"), listening.of("transcript")
    assert ready.model_dump(exclude_none=True) == {
        "type": "ready",
        "session_id": "session",
        "model": "fake-whisper",
        "sample_rate": 16_000,
    }
    assert transcript.text == "hello"
    assert transcript.keep_open is True
    assert transcript.utterance_id == 1
    assert transcript.start == pytest.approx(0.2, abs=0.033)
    assert transcript.end == pytest.approx(1.8, abs=0.066)
    assert transcript.duration == pytest.approx(transcript.end - transcript.start)
    assert transcript.language == "en"
    assert transcript.model == "fake-whisper"
    assert transcript.confidence == 0.9
    await listening.end()


async def test_its_last_transcript_says_that_the_server_closes() -> None:
    listening = Listening(FakeStt(["one", "two"]))
    await listening.feed(1, -1, 1)
    await listening.end()
    assert listening.texts == ["one", "two"]
    assert [each.keep_open for each in listening.of("transcript")] == [True, False]
    closed = listening.messages[-1]
    assert closed.model_dump() == {
        "type": "closed",
        "reason": "client",
        "audio_seconds": 3.0,
        "utterances": 2,
    }


async def test_an_end_in_silence_is_told_with_an_empty_transcript() -> None:
    listening = Listening(FakeStt(["one"]))
    await listening.feed(1, -1)
    await listening.settle()
    await listening.end()
    assert listening.texts == ["one", ""]
    assert listening.of("transcript")[-1].keep_open is False


@pytest.mark.parametrize("parts", [[], [-3], [0.06, -1], [-1, 0.06, -1, 0.06]], ids=str)
async def test_it_never_asks_about_silence(parts: list[float]) -> None:
    listening = Listening()
    await listening.feed(*parts)
    await listening.end()
    assert listening.engine.heard == []
    assert listening.texts == [""]


async def test_noise_in_which_the_model_finds_no_words_is_not_told() -> None:
    listening = Listening(FakeStt([""]))
    await listening.feed(1, -1)
    await listening.settle()
    assert listening.kinds == ["ready"]
    await listening.end()
    assert len(listening.of("transcript")) == 1


async def test_it_keeps_the_order_of_speech() -> None:
    words = [f"utterance {number}" for number in range(6)]
    listening = Listening(FakeStt(words, seconds=0.005))
    await listening.feed(*[1, -1] * 6, frame_bytes=64_000)
    await listening.end()
    assert listening.texts[:6] == words
    assert [each.utterance_id for each in listening.of("transcript")][:6] == [
        *range(1, 7)
    ]


async def test_feeding_never_waits_for_the_model() -> None:
    listening = Listening(FakeStt(seconds=5))
    audio = pcm(1, -1, 1, -1)
    began = asyncio.get_running_loop().time()
    listening.session.feed(audio)
    await listening.session.wait_for_capacity()
    assert asyncio.get_running_loop().time() - began < 1
    listening.task.cancel()
    listening.session._worker.cancel()


async def test_flush_finishes_the_utterance_and_keeps_listening() -> None:
    listening = Listening(FakeStt(["first", "second"]))
    await listening.feed(-0.5, 1)
    listening.session.flush()
    await listening.settle()
    assert listening.kinds == ["ready", "transcript", "flushed"]
    assert listening.of("flushed")[0].utterance_id == 1
    assert listening.of("transcript")[0].keep_open is True
    await listening.feed(1, -1)
    await listening.end()
    assert listening.texts[:2] == ["first", "second"]


async def test_every_flush_is_answered() -> None:
    listening = Listening()
    listening.session.flush()
    await listening.feed(-1)
    listening.session.flush()
    await listening.settle()
    assert [each.utterance_id for each in listening.of("flushed")] == [None, None]
    await listening.end()


async def test_a_failure_is_told_and_the_session_goes_on() -> None:
    failure = EngineFailed("It broke.", retry_after_seconds=1)
    script: list[str | Exception] = ["one", failure, "three"]
    listening = Listening(FakeStt(script))
    await listening.feed(*[1, -1] * 3)
    await listening.end()
    assert listening.kinds[:4] == ["ready", "transcript", "error", "transcript"]
    (error,) = listening.of("error")
    assert (error.code, error.message) == ("engine_failed", "It broke.")
    assert (error.retry_after, error.utterance_id) == (1, 2)
    assert [isinstance(each, UtteranceFailed) for each in listening.history] == [
        *(False, True, False)
    ]


async def test_a_full_queue_is_waited_for() -> None:
    listening = Listening(FakeStt([Overloaded("busy"), Overloaded("busy"), "late"]))
    await listening.feed(1, -1)
    await listening.end()
    assert listening.texts[0] == "late"
    assert listening.of("error") == []


async def test_a_broken_engine_breaks_the_events_and_nothing_hangs() -> None:
    listening = Listening(FakeStt([ZeroDivisionError("bug")]))
    await listening.feed(1, -1)
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(listening.task, 5)
    await asyncio.wait_for(listening.session.wait_for_capacity(), 1)
    await asyncio.wait_for(listening.session.close(), 1)


async def test_a_client_that_leaves_is_heard_to_the_end() -> None:
    listening = Listening(FakeStt(["one", "last words"], seconds=0.01))
    await listening.feed(1, -1, 1)
    await asyncio.wait_for(listening.session.close(), 5)
    assert [each.text for each in listening.history] == ["one", "last words"]
    await listening.task


async def test_draining_sends_what_was_said_first() -> None:
    listening = Listening(FakeStt(["half a sen"], seconds=0.01))
    await listening.feed(1)
    await asyncio.wait_for(listening.session.drain(), 5)
    assert listening.kinds == ["ready", "transcript", "closed"]
    assert listening.of("transcript")[0].keep_open is False
    assert listening.of("closed")[0].reason == "restarting"
    listening.session.feed(pcm(1))
    listening.session.flush()
    await listening.task
    assert len(listening.engine.heard) == 1


async def test_long_speech_is_cut_and_every_second_is_heard_once() -> None:
    listening = Listening(max_utterance_seconds=12)
    await listening.feed(-1, 40, -1)
    await listening.end()
    heard = np.concatenate([each.samples for each in listening.engine.heard])
    assert len(heard) / SPEECH_RATE_HZ == pytest.approx(40.6, abs=0.1)
    assert len(listening.engine.heard) in (4, 5)


async def test_it_tells_when_nobody_paused_for_too_long() -> None:
    listening = Listening(max_buffer_seconds=20)
    await listening.feed(50, -1, 15, -1)
    await listening.end()
    reached = [each.duration for each in listening.of("buffer_limit_reached")]
    assert reached == [pytest.approx(20, abs=0.1), pytest.approx(40, abs=0.1)]
    heard = sum(each.seconds for each in listening.engine.heard)
    assert heard == pytest.approx(65.9, abs=0.2)


async def test_it_holds_back_a_client_that_is_too_fast() -> None:
    listening = Listening(FakeStt(seconds=0.1), max_buffer_seconds=30)
    most_waiting = 0.0
    audio = pcm(*[5, -1] * 60)
    for start in range(0, len(audio), 64_000):
        listening.session.feed(audio[start : start + 64_000])
        await listening.session.wait_for_capacity()
        waiting = listening.session._backlog.samples / SPEECH_RATE_HZ
        most_waiting = max(most_waiting, waiting)
    await listening.end()
    assert most_waiting <= 30
    assert len(listening.of("buffer_limit_reached")) >= 1
    assert len(listening.engine.heard) == 60
    heard = sum(each.seconds for each in listening.engine.heard)
    assert heard == pytest.approx(60 * 5.6, abs=4)


async def test_its_texts_wait_while_nobody_takes_them() -> None:
    engine = FakeStt()
    engine.started = True
    settings = ListeningSettings(max_buffer_seconds=3_600, speculative_pause_seconds=0)
    session = SttSession(
        SessionEngines(engine, LoudnessVad()), SessionSettings(settings, Options())
    )
    session.feed(pcm(*[0.5, -0.8] * 270))
    for _ in range(200):
        await asyncio.sleep(0.01)
    assert len(session._outbox) < 256 + 270, "only the ends of speech are never dropped"
    await session.close()
    assert len(engine.heard) == 270


async def test_it_measures_from_the_end_of_the_speech() -> None:
    now = 100.0
    listening = Listening(FakeStt(["hello"]), clock=lambda: now)
    audio = pcm(-1, 1, -1)
    for start in range(0, len(audio), FRAME_BYTES):
        listening.session.feed(audio[start : start + FRAME_BYTES])
        now += 0.02
    await listening.settle()
    (heard,) = listening.history
    # The endpoint comes 0.7 s after the speech; the rest of the second was fed too.
    assert heard.stages_ms["final"] == pytest.approx(1_000, abs=40)
    assert heard.stages_ms["transcribe"] == 0
    assert listening.of("transcript")[0].latency_ms == heard.stages_ms["final"]
    await listening.end()


async def test_it_counts_audio_and_stages() -> None:
    def value(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    def figures() -> list[float]:
        return [
            value("voice_audio_seconds_total", direction="in"),
            value("voice_stage_seconds_count", stage="transcribe"),
            value("voice_stage_seconds_count", stage="final"),
        ]

    before = figures()
    listening = Listening()
    await listening.feed(1, -1)
    await listening.end()
    gained = [now - then for now, then in zip(figures(), before, strict=True)]
    assert gained == [pytest.approx(2), 1, 1]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000])
async def test_it_takes_other_rates(rate_hz: int) -> None:
    listening = Listening(options=Options(sample_rate=rate_hz))
    audio = pcm(-1, 2, -1, rate_hz=rate_hz)
    for start in range(0, len(audio), 1_001):
        listening.session.feed(audio[start : start + 1_001])
    await listening.end()
    (transcript,) = [each for each in listening.of("transcript") if each.text]
    assert transcript.start == pytest.approx(0.7, abs=0.05)
    assert transcript.duration == pytest.approx(2.6, abs=0.1)
    assert listening.messages[0].sample_rate == rate_hz


async def test_configure_changes_rate_and_language_from_then_on() -> None:
    listening = Listening()
    await listening.feed(1, -1)
    listening.session.configure(Options(sample_rate=48_000, language="de"))
    listening.session.feed(pcm(1, -1, rate_hz=48_000))
    listening.session.configure(Options())
    await listening.end()
    first, second = listening.engine.heard
    assert (first.language, second.language) == ("auto", "de")
    assert second.seconds == pytest.approx(1.6, abs=0.1)
    assert listening.of("closed")[0].audio_seconds == pytest.approx(4)


def utterances_of(audio: bytes, cuts: list[int], rate_hz: int) -> list[Any]:
    settings = ListeningSettings(max_utterance_seconds=3, sample_rate=rate_hz)
    hearing = AudioFrontend(settings, LoudnessVad())
    edges = [0, *sorted(cut % len(audio) for cut in cuts), len(audio)]
    events = [
        event
        for start, end in pairwise(edges)
        for event in hearing.hear(audio[start:end])
    ]
    return [
        (each.start_sample, each.reason, each.samples.tobytes())
        for each in events + hearing.flush()
        if isinstance(each, UtteranceEnded)
    ]


WHOLE = {rate: pcm(-0.5, 4, -1, 1, rate_hz=rate) for rate in (16_000, 24_000)}
EXPECTED = {rate: utterances_of(audio, [], rate) for rate, audio in WHOLE.items()}


@hypothesis_settings(max_examples=40, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 10**6), max_size=60),
    rate_hz=st.sampled_from(sorted(WHOLE)),
)
def test_splitting_the_stream_makes_no_difference(
    cuts: list[int], rate_hz: int
) -> None:
    found = utterances_of(WHOLE[rate_hz], cuts, rate_hz)
    assert len(found) == 3
    if rate_hz == SPEECH_RATE_HZ:
        assert found == EXPECTED[rate_hz]
    else:
        assert [each[:2] for each in found] == [each[:2] for each in EXPECTED[rate_hz]]
