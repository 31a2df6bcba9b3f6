"""What endpoints with turns of their own need of a session: marks, discarded audio, and the
number of the utterance that a flush ends."""

from __future__ import annotations

import asyncio

import pytest

from stt_app.core.events import (
    CandidateDropped,
    EndReason,
    Marked,
    SpeechConfirmed,
    SpeechEnded,
    UtteranceTranscribed,
)
from stt_app.core.session.options import Options
from stt_app.core.session.outbox import MAX_UNSENT_EVENTS
from tests.fakes import FakeStt
from tests.stt.listening import Listening


async def test_a_mark_keeps_its_place_among_the_events() -> None:
    listening = Listening(FakeStt(["one"]))
    await listening.feed(1)
    listening.session.mark("before")
    listening.session.flush()
    listening.session.mark("after")
    await listening.end()
    shown = listening.all(SpeechConfirmed, Marked, SpeechEnded, UtteranceTranscribed)
    assert [getattr(each, "mark", type(each)) for each in shown] == [
        *(SpeechConfirmed, "before", SpeechEnded, "after", UtteranceTranscribed)
    ]


async def test_flush_says_which_utterance_it_ends() -> None:
    listening = Listening()
    await listening.feed(-0.5)
    assert listening.session.flush() is None
    await listening.feed(1, -1, 1)
    assert listening.session.flush() == 2
    assert listening.session.flush() is None
    await listening.end()
    assert listening.session.flush() is None


async def test_discarded_speech_is_not_transcribed() -> None:
    listening = Listening(FakeStt(["kept", "next"]))
    await listening.feed(1, -1, 2.01)
    listening.session.discard()
    await listening.feed(-0.1, 0.5)
    await listening.end()
    assert listening.texts == ["kept", "next"]
    assert [each.utterance_id for each in listening.all(CandidateDropped)] == [2]
    first, second = listening.engine.heard
    assert first.seconds == pytest.approx(1.3, abs=0.05)
    assert second.seconds == pytest.approx(0.6, abs=0.05), "no pre-roll from before"


async def test_what_restarts_is_the_pre_roll_of_the_next_utterance() -> None:
    listening = Listening(FakeStt(["next"]))
    await listening.feed(-1, 2)
    listening.session.discard(restarts=True)
    assert listening.session.voiced_seconds == 0
    await listening.feed(0.5, -1)
    await listening.end()
    assert listening.texts[0] == "next"
    assert [each.utterance_id for each in listening.all(CandidateDropped)] == [1]
    (ended,) = listening.all(SpeechEnded)
    assert ended.start_sample == pytest.approx((3 - 0.3) * 16_000, abs=1_100)
    (heard,) = listening.engine.heard
    assert heard.seconds == pytest.approx(1.1, abs=0.1)


async def test_discarded_audio_keeps_its_place_in_the_stream() -> None:
    listening = Listening()
    await listening.feed(1.0101)
    listening.session.discard()
    await listening.feed(-1, 1, -1)
    await listening.end()
    (ended,) = listening.all(SpeechEnded)
    assert ended.start_sample == pytest.approx((2.01 - 0.3) * 16_000, abs=600)


async def test_discarding_silence_does_nothing() -> None:
    listening = Listening(FakeStt(["one"]))
    listening.session.discard()
    await listening.feed(-1)
    listening.session.discard()
    await listening.feed(1, -1)
    await listening.end()
    listening.session.discard()
    assert listening.texts[0] == "one"
    assert listening.all(CandidateDropped) == []


async def test_configure_changes_the_model_from_then_on() -> None:
    listening = Listening()
    await listening.feed(1, -1)
    listening.session.configure(Options(), "fake-whisper")
    await listening.feed(1, -1)
    listening.session.configure(Options(language="en"))
    await listening.feed(1, -1)
    listening.session.configure(Options(), "")
    await listening.feed(1, -1)
    await listening.end()
    models = [each.model for each in listening.engine.heard]
    assert models == ["", "fake-whisper", "fake-whisper", ""]


async def test_the_preroll_is_an_option() -> None:
    listening = Listening(options=Options(preroll_seconds=0.6))
    await listening.feed(-1, 1, -1)
    listening.session.configure(Options(preroll_seconds=0))
    await listening.feed(-1, 1, -1)
    await listening.end()
    lengths = [each.seconds for each in listening.engine.heard]
    assert lengths == pytest.approx([1.9, 1.3], abs=0.05)


async def test_the_end_of_an_utterance_is_told_to_the_slowest_reader() -> None:
    listening = Listening()
    listening.task.cancel()
    await asyncio.gather(listening.task, return_exceptions=True)
    for _ in range(MAX_UNSENT_EVENTS):
        listening.session.mark("unread")
    await listening.feed(1, -1)
    listening.session.finish()
    events = [event async for event in listening.session.events()]
    kinds = [type(event) for event in events]
    assert SpeechConfirmed not in kinds, "nobody misses it"
    (ended,) = [event for event in events if isinstance(event, SpeechEnded)]
    assert ended.reason is EndReason.SILENCE
    assert UtteranceTranscribed in kinds
