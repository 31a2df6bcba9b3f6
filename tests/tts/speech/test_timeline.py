"""Every clause, word and sample has its place in the answer."""

from __future__ import annotations

import numpy as np
import pytest

from common.audio import Samples
from tests.fakes import FakeTts
from tests.tts.speaking import pcm_of, pipeline_of, run
from tts_app.core.engine import SpeechPart, WordTime
from tts_app.core.events import (
    ClauseEnded,
    ClauseStarted,
    PcmAudio,
    SpeechEvent,
    SpeechFinished,
    TextDelta,
    WordsTimed,
)
from tts_app.core.speech.joining import Joiner
from tts_app.core.speech.timeline import Timeline

RATE_HZ = 1_000


def sound(seconds: float) -> Samples:
    return np.full(int(seconds * RATE_HZ), 0.5, np.float32)


def timeline() -> Timeline:
    return Timeline(RATE_HZ, Joiner(RATE_HZ))


async def test_an_answer_is_made_of_clauses_with_their_audio() -> None:
    tts = FakeTts()
    await tts.start()
    speech = pipeline_of(tts, "The library closes at nine, but come back later.")
    events = await run(speech)
    assert all(isinstance(each, SpeechEvent) for each in events)
    started = [each for each in events if isinstance(each, ClauseStarted)]
    assert [(each.clause, each.text) for each in started] == [
        (0, "The library closes at nine,"),
        (1, "but come back later."),
    ]
    kinds = [type(each) for each in events if not isinstance(each, TextDelta)]
    assert kinds[:2] == [ClauseStarted, PcmAudio]
    assert kinds[-3:] == [ClauseEnded, PcmAudio, SpeechFinished]


async def test_its_pcm_is_without_gaps_and_knows_its_clause() -> None:
    tts = FakeTts()
    await tts.start()
    events = await run(pipeline_of(tts, "The library closes at nine, but come back."))
    audio = [each for each in events if isinstance(each, PcmAudio)]
    ends = np.cumsum([len(each.samples) for each in audio])
    assert [each.start_sample for each in audio] == [0, *ends[:-1]]
    assert [each.clause for each in audio] == sorted(each.clause for each in audio)
    assert [each.is_closing_silence for each in audio] == [False] * (len(audio) - 1) + [
        True
    ]
    assert all(each.samples.dtype == np.float32 for each in audio)


async def test_a_clause_starts_at_its_first_sound_and_ends_with_its_last() -> None:
    tts = FakeTts()
    await tts.start()
    speech = pipeline_of(tts, "The library closes at nine, but come back later.")
    events = await run(speech)
    _, second = [each for each in events if isinstance(each, ClauseStarted)]
    first_end, _ = [each for each in events if isinstance(each, ClauseEnded)]
    loud = np.flatnonzero(np.abs(pcm_of(events)) > 0.01) / speech.rate_hz
    gap = int(np.diff(loud).argmax())
    assert first_end.end_seconds == pytest.approx(loud[gap], abs=0.01)
    assert second.start_seconds == pytest.approx(loud[gap + 1], abs=0.01)


def test_a_clause_that_is_silent_is_not_counted() -> None:
    answer = timeline()
    answer.begin_clause("…")
    assert list(answer.add(SpeechPart(np.zeros(99, np.float32), RATE_HZ))) == []
    assert list(answer.end_clause()) == []
    answer.begin_clause("Yes.")
    started, _audio = answer.add(SpeechPart(sound(0.1), RATE_HZ))
    assert started == ClauseStarted(0, "Yes.", 0, RATE_HZ)


def test_a_clause_that_broke_off_has_no_end() -> None:
    answer = timeline()
    answer.begin_clause("One.")
    events = list(answer.add(SpeechPart(sound(0.1), RATE_HZ, is_last=False)))
    events += answer.finish()
    assert not [each for each in events if isinstance(each, ClauseEnded)]
    *_, rest, silence = events
    assert isinstance(rest, PcmAudio) and isinstance(silence, PcmAudio)
    assert (rest.clause, rest.is_closing_silence) == (0, False)
    assert (silence.clause, silence.is_closing_silence) == (0, True)
    assert answer.seconds == pytest.approx(silence.start_seconds + silence.seconds)


def test_words_wait_for_the_first_sound_of_their_sentence() -> None:
    answer = timeline()
    answer.begin_clause("Yes.")
    padding, word = np.zeros(100, np.float32), WordTime("Yes", 0.1, 0.3)
    early = answer.add(SpeechPart(padding, RATE_HZ, (word,), is_last=False))
    assert list(early) == []
    events = list(answer.add(SpeechPart(sound(0.2), RATE_HZ)))
    (timed,) = [each for each in events if isinstance(each, WordsTimed)]
    assert timed.clause == 0
    assert timed.words[0].start_seconds == pytest.approx(0.005)
    assert timed.words[0].end_seconds == pytest.approx(0.205)
