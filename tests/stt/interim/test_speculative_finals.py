"""The text that is prepared in a pause, before anyone knows that it was the end."""

from __future__ import annotations

import pytest

from common.errors import EngineFailed
from common.workers import Priority, Urgency
from stt_app.core.engine_load import EngineLoad
from stt_app.core.events import (
    InterimResult,
    PauseBegun,
    SpeculativeFinal,
    SpeechEnded,
    UtteranceTranscribed,
)
from stt_app.core.session.options import Options
from tests.stt.interim.speaking import INTERIM, AskedStt, Time, listening_to, speak
from tests.stt.listening import Listening
from tests.waiting import idle


async def test_the_text_is_ready_when_the_end_is_declared() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(engine, time)
    await speak(listening, time, -0.5, 1, -0.4)
    assert engine.answered == 1
    assert listening.texts == []
    await speak(listening, time, -0.5)
    await listening.settle()
    assert len(listening.texts) == 1
    assert engine.answered == 1, "the text was asked for once only"
    (heard,) = listening.history
    assert heard.stages_ms["transcribe"] == 0
    await listening.end()


async def test_a_text_prepared_in_a_pause_is_thrown_away_when_speech_goes_on() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(engine, time)
    await speak(listening, time, 1, -0.3, 1, -1)
    await listening.settle()
    assert len(listening.texts) == 1
    whole = engine.heard[-1]
    assert whole.seconds == pytest.approx(2.5, abs=0.15)
    assert len(engine.heard) == 2
    await listening.end()


async def test_a_prepared_text_becomes_urgent_when_it_was_the_end() -> None:
    engine, time = AskedStt(), Time()
    engine.hold()
    listening = listening_to(engine, time)
    await speak(listening, time, 1, -0.3)
    assert engine.priorities == [Priority.SPECULATIVE]
    await speak(listening, time, -0.6)
    await idle()
    assert engine.priorities == [Priority.FINAL]
    engine.release()
    await listening.end()
    assert engine.answered == 1


async def test_a_prepared_text_that_fails_is_asked_for_again() -> None:
    engine, time = AskedStt(fails=EngineFailed("It broke.")), Time()
    listening = listening_to(engine, time)
    await speak(listening, time, 1, -1)
    await listening.end()
    assert len(engine.urgencies) == 2
    assert listening.texts[0]
    assert listening.of("error") == []


async def test_what_is_prepared_in_a_pause_is_shown_as_a_partial_text() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(engine, time, INTERIM)
    await speak(listening, time, 2, -0.4)
    assert listening.texts == []
    shown = listening.of("partial")[-1].text
    await speak(listening, time, -0.5)
    await listening.end()
    assert listening.texts[0] == shown
    assert engine.priorities.count(Priority.FINAL) == 1, "the guess, and no other"


async def test_a_wrong_speculative_text_at_work_becomes_a_partial_text() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(engine, time, INTERIM, partial_first_seconds=1.05)
    await speak(listening, time, 1)
    engine.hold()
    await speak(listening, time, -0.2, 0.3)
    (urgency,) = engine.urgencies
    assert urgency.priority is Priority.INTERIM
    assert urgency.deadline is not None, "it is not begun any more"
    assert listening.of("partial") == []
    engine.release()
    await idle()
    assert len(listening.of("partial")) == 1
    await listening.end()


async def test_a_wrong_speculative_text_that_nobody_would_see_is_given_up() -> None:
    engine, time = AskedStt(seconds=60), Time()
    listening = listening_to(engine, time)
    await speak(listening, time, 1, -0.3)
    assert engine.given_up == 0
    await speak(listening, time, 0.3)
    assert engine.given_up == 1
    listening.task.cancel()


async def test_other_options_end_a_speculative_text_that_would_be_shown() -> None:
    engine, time = AskedStt(seconds=60), Time()
    listening = listening_to(engine, time, INTERIM, partial_first_seconds=1.05)
    await speak(listening, time, 1, -0.3)
    listening.session.configure(Options(language="de"))
    await speak(listening, time, -0.1)
    assert engine.given_up == 1
    listening.task.cancel()


async def test_a_wrong_speculative_text_ends_with_its_utterance() -> None:
    engine, time = AskedStt(seconds=60), Time()
    listening = listening_to(engine, time, INTERIM, partial_first_seconds=1.05)
    await speak(listening, time, 1, -0.3, 0.3)
    assert engine.given_up == 0
    listening.session.flush()
    await idle()
    assert engine.given_up == 1
    listening.task.cancel()


async def test_a_flush_in_the_pause_takes_the_prepared_text() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(engine, time)
    await speak(listening, time, 1, -0.2)
    listening.session.flush()
    await listening.settle()
    assert engine.answered == 1
    assert listening.kinds[1:] == ["transcript", "flushed"]
    await listening.end()


async def test_a_click_is_not_worth_a_speculative_text() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(engine, time)
    await speak(listening, time, -0.5, 0.06, -1)
    await listening.end()
    assert engine.heard == []


async def test_other_options_make_a_prepared_text_useless() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(engine, time)
    await speak(listening, time, 1, -0.3)
    listening.session.configure(Options(language="de"))
    await speak(listening, time, -0.6)
    await listening.end()
    assert engine.heard[-1].language == "de"


async def test_nothing_is_prepared_when_texts_are_late() -> None:
    engine, time = AskedStt(), Time()
    load = EngineLoad(5, time)
    listening = Listening(engine, INTERIM, time, load, speculative_pause_seconds=0.12)
    with load.waiting(Urgency(Priority.FINAL)):
        time.now += 1
        await speak(listening, time, 2, -0.5)
        assert engine.heard == []
    await speak(listening, time, -0.4)
    await listening.end()
    assert engine.priorities == [Priority.FINAL]


async def test_a_prepared_text_is_an_event_of_the_pause() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(engine, time, Options(word_timestamps=True))
    await speak(listening, time, 1, -0.4)
    (prepared,) = listening.all(SpeculativeFinal)
    assert prepared.utterance_id == 1
    assert prepared.speech_end_sample == pytest.approx(16_000, abs=600)
    await speak(listening, time, -0.6)
    await listening.settle()
    (final,) = listening.all(UtteranceTranscribed)
    assert (final.text, final.start_sample) == (
        prepared.transcript.text,
        prepared.start_sample,
    )
    kinds = (PauseBegun, SpeculativeFinal, SpeechEnded)
    told = [type(each) for each in listening.events if isinstance(each, kinds)]
    assert told == list(kinds)
    await listening.end()


async def test_a_prepared_text_that_comes_too_late_is_no_event() -> None:
    engine, time = AskedStt(), Time()
    engine.hold()
    listening = listening_to(engine, time)
    await speak(listening, time, 1, -0.3, 1, -0.9)
    engine.release()
    await listening.settle()
    assert listening.all(SpeculativeFinal) == [], "speech went on, and then it ended"
    assert len(listening.texts) == 1
    await listening.end()


async def test_an_interim_result_has_the_confidence_of_its_text() -> None:
    listening = listening_to(AskedStt(), time := Time(), INTERIM)
    await speak(listening, time, 1)
    assert listening.all(InterimResult)[0].confidence == 0.9
    await listening.end()
