"""Texts before the end: partial ones while somebody speaks, and one prepared in the pause."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from common.errors import EngineFailed, Expired, Overloaded
from common.metrics import REGISTRY
from common.workers import Priority, Urgency
from stt_app.core.engine import Transcript, TranscriptionRequest, Word
from stt_app.core.engine_load import EngineLoad
from stt_app.core.session.options import Options
from stt_app.core.session.settings import Start
from tests.fakes import FakeStt
from tests.stt.listening import Listening
from tests.stt.sounds import pcm

FRAME_SECONDS = 0.02


class AskedStt(FakeStt):
    """Answers with the length of what it hears, and keeps how urgent it was."""

    def __init__(self, *, seconds: float = 0.0, fails: Exception | None = None) -> None:
        super().__init__(seconds=seconds)
        self.urgencies: list[Urgency] = []
        self.answered = 0
        self.given_up = 0
        self.wait_seconds = 0.0
        self._fails = fails

    async def transcribe(
        self, request: TranscriptionRequest, urgency: Urgency
    ) -> Transcript:
        self.urgencies.append(urgency)
        first_priority = self.urgencies[-1].priority
        if self._fails is not None and first_priority is not Priority.FINAL:
            raise self._fails
        try:
            found = await super().transcribe(request, urgency)
            await asyncio.sleep(self.wait_seconds)
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        self.answered += 1
        words = " ".join(f"w{n}" for n in range(int(request.seconds * 4)))
        return Transcript(words, found.language, 1.0, 0.9, self.model_name)

    @property
    def priorities(self) -> list[Priority]:
        return [each.priority for each in self.urgencies]


class Time:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def speak(listening: Listening, time: Time, *parts: Any) -> None:
    """Real time, by the test's clock."""
    audio = pcm(*parts)
    step = int(FRAME_SECONDS * 32_000)
    for start in range(0, len(audio), step):
        time.now += FRAME_SECONDS
        listening.session.feed(audio[start : start + step])
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def listening_to(
    engine: FakeStt, time: Time, options: Options | None = None, **changes: Any
) -> Listening:
    changes = {"speculative_pause_seconds": 0.12, **changes}
    return Listening(engine, options, time, **changes)


INTERIM = Options(interim_results=True)


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
    engine, time = AskedStt(seconds=0.2), Time()
    listening = listening_to(engine, time)
    await speak(listening, time, 1, -0.3)
    assert engine.priorities == [Priority.SPECULATIVE]
    await speak(listening, time, -0.6)
    await asyncio.sleep(0.01)
    assert engine.priorities == [Priority.FINAL]
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


async def test_a_wrong_guess_at_work_becomes_a_partial_text() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(engine, time, INTERIM, partial_first_seconds=1.05)
    await speak(listening, time, 1)
    engine.wait_seconds = 0.1
    await speak(listening, time, -0.2, 0.3)
    (urgency,) = engine.urgencies
    assert urgency.priority is Priority.INTERIM
    assert urgency.deadline is not None, "it is not begun any more"
    assert listening.of("partial") == []
    await asyncio.sleep(0.15)
    assert len(listening.of("partial")) == 1
    await listening.end()


async def test_a_wrong_guess_that_nobody_would_see_is_given_up() -> None:
    engine, time = AskedStt(seconds=60), Time()
    listening = listening_to(engine, time)
    await speak(listening, time, 1, -0.3)
    assert engine.given_up == 0
    await speak(listening, time, 0.3)
    assert engine.given_up == 1
    listening.task.cancel()


async def test_other_options_end_a_guess_that_would_be_shown() -> None:
    engine, time = AskedStt(seconds=60), Time()
    listening = listening_to(engine, time, INTERIM, partial_first_seconds=1.05)
    await speak(listening, time, 1, -0.3)
    listening.session.configure(Options(language="de"))
    await speak(listening, time, -0.1)
    assert engine.given_up == 1
    listening.task.cancel()


async def test_a_wrong_guess_ends_with_its_utterance() -> None:
    engine, time = AskedStt(seconds=60), Time()
    listening = listening_to(engine, time, INTERIM, partial_first_seconds=1.05)
    await speak(listening, time, 1, -0.3, 0.3)
    assert engine.given_up == 0
    listening.session.flush()
    await asyncio.sleep(0.01)
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


async def test_a_click_is_not_worth_a_guess() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(engine, time)
    await speak(listening, time, -0.5, 0.1, -1)
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


async def test_it_tells_where_speech_begins_and_ends() -> None:
    listening = listening_to(AskedStt(), time := Time())
    await speak(listening, time, -1, 1, -1)
    await listening.end()
    (began,), (ended,) = listening.of("speech_started"), listening.of("speech_ended")
    assert (began.utterance_id, ended.utterance_id) == (1, 1)
    assert began.start == pytest.approx(0.7, abs=0.05)
    assert ended.end == pytest.approx(2, abs=0.05)
    order = [each.type for each in listening.messages]
    assert order.index("speech_ended") < order.index("transcript")


async def test_every_start_has_an_end_also_when_it_was_no_speech() -> None:
    listening = listening_to(AskedStt(), time := Time())
    await speak(listening, time, -1, 0.1, -1, 1, -1)
    await listening.end()
    starts = [each.utterance_id for each in listening.of("speech_started")]
    assert starts == [1, 1]
    assert [each.utterance_id for each in listening.of("speech_ended")] == starts


async def test_a_cut_is_no_end_of_speech() -> None:
    listening = listening_to(AskedStt(), time := Time(), max_utterance_seconds=3)
    await speak(listening, time, 8, -1)
    await listening.end()
    assert len(listening.of("transcript")) >= 3
    assert len(listening.of("speech_started")) == 1
    assert len(listening.of("speech_ended")) == 1


async def test_partial_texts_come_only_when_they_are_asked_for() -> None:
    listening = listening_to(AskedStt(), time := Time())
    await speak(listening, time, 3, -1)
    await listening.end()
    assert listening.of("partial") == []


async def test_partial_texts_grow_and_what_is_stable_stays() -> None:
    listening = listening_to(AskedStt(), time := Time(), INTERIM)
    await speak(listening, time, 4, -1)
    await listening.end()
    partials = listening.of("partial")
    assert len(partials) >= 5
    assert {each.utterance_id for each in partials} == {1}
    stable = ""
    for each in partials:
        assert each.text.startswith(each.stable_text)
        assert each.stable_text.startswith(stable)
        stable = each.stable_text
    assert stable
    kinds = [each.type for each in listening.messages]
    last = len(kinds) - 1 - kinds[::-1].index("partial")
    assert kinds.index("speech_started") < kinds.index("partial")
    assert last < kinds.index("transcript")


async def test_the_first_partial_text_comes_early() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(engine, time, INTERIM)
    await speak(listening, time, -1, 0.3)
    assert engine.heard == []
    await speak(listening, time, 0.15)
    assert len(engine.heard) == 1
    await listening.end()


async def test_no_partial_text_is_begun_when_a_pause_has_begun() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(
        engine, time, INTERIM, partial_first_seconds=1.05, preroll_seconds=0
    )
    await speak(listening, time, 1, -0.3)
    assert engine.priorities == [Priority.SPECULATIVE]
    await speak(listening, time, 1)
    assert Priority.INTERIM in engine.priorities
    await listening.end()


async def test_without_prepared_texts_partial_ones_come_in_the_pause_too() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(
        engine, time, INTERIM, partial_first_seconds=1.05, speculative_pause_seconds=0
    )
    await speak(listening, time, 1, -0.3)
    assert engine.priorities == [Priority.INTERIM]
    await listening.end()


async def test_never_more_than_one_partial_text_is_asked_for_at_a_time() -> None:
    engine, time = AskedStt(seconds=60), Time()
    listening = listening_to(engine, time, INTERIM)
    await speak(listening, time, 5)
    assert engine.priorities == [Priority.INTERIM]
    listening.task.cancel()


async def test_slow_partial_texts_come_less_often() -> None:
    class SlowStt(AskedStt):
        async def transcribe(self, *asked: Any) -> Transcript:
            time.now += 1.0
            return await super().transcribe(*asked)

    time = Time()
    engine = SlowStt()
    listening = listening_to(engine, time, INTERIM)
    await speak(listening, time, 6)
    # Each takes a second, so one begins every two seconds of the clock.
    assert len(engine.heard) <= 7
    await listening.end()


@pytest.mark.parametrize("error", [Overloaded("busy"), Expired("late")])
async def test_partial_texts_are_left_out_when_the_engine_is_busy(
    error: Exception,
) -> None:
    def shed() -> float:
        labels = {"outcome": "shed"}
        return REGISTRY.get_sample_value("voice_partials_total", labels) or 0.0

    before = shed()
    engine, time = AskedStt(fails=error), Time()
    listening = listening_to(engine, time, INTERIM)
    await speak(listening, time, 6, -1)
    await listening.end()
    assert listening.of("partial") == []
    assert listening.of("error") == []
    assert listening.texts[0]
    asked = engine.priorities.count(Priority.INTERIM)
    assert 2 <= asked <= 5, "it asks less and less often"
    assert shed() - before == asked


async def test_nothing_is_prepared_when_texts_are_late() -> None:
    engine, time = AskedStt(), Time()
    load = EngineLoad(5, time)
    listening = Listening(engine, INTERIM, time, load, speculative_pause_seconds=0.12)
    with load.waiting():
        time.now += 1
        await speak(listening, time, 2, -0.5)
        assert engine.heard == []
    await speak(listening, time, -0.4)
    await listening.end()
    assert engine.priorities == [Priority.FINAL]


async def test_a_recording_waits_for_whoever_speaks() -> None:
    engine, time = AskedStt(), Time()
    options = Options(purpose="file", interim_results=True)
    listening = listening_to(engine, time, options)
    await speak(listening, time, 3, -1)
    await listening.end()
    assert engine.priorities == [Priority.FILE]
    assert listening.of("partial") == []


async def test_a_recordings_utterances_are_asked_for_a_few_at_a_time() -> None:
    engine = AskedStt(seconds=0.2)
    listening = Listening(engine, Options(purpose="file"))
    listening.session.feed(pcm(*[1, -1] * 10))
    await asyncio.sleep(0.1)
    assert len(engine.urgencies) == 4
    await listening.end()
    assert [each.utterance_id for each in listening.of("transcript")][:10] == [
        *range(1, 11)
    ]


async def test_words_have_times_in_the_stream() -> None:
    class WordyStt(FakeStt):
        async def transcribe(self, *asked: Any) -> Transcript:
            words = (Word(" Hello", 0.31, 0.5, 0.987654),)
            return Transcript("Hello", "en", 1, 1, "m", words)

    time = Time()
    listening = listening_to(WordyStt(), time, Options(word_timestamps=True))
    await speak(listening, time, -2, 1, -1)
    await listening.end()
    (word,) = listening.of("transcript")[0].words
    start = listening.of("transcript")[0].start
    assert word.model_dump() == {
        "word": "Hello",
        "start": pytest.approx(start + 0.31, abs=0.001),
        "end": pytest.approx(start + 0.5, abs=0.001),
        "probability": 0.988,
    }


async def test_it_asks_the_engine_for_what_the_client_chose() -> None:
    engine = FakeStt()
    options = Options(task="translate", prompt="Tea.", hotwords="Earl Grey")
    listening = Listening(engine, options)
    await listening.feed(1, -1)
    listening.session.configure(Options(word_timestamps=True, language="de"))
    await listening.feed(1, -1)
    await listening.end()
    first, second = engine.heard
    assert (first.task, first.prompt, first.hotwords) == (
        "translate",
        "Tea.",
        "Earl Grey",
    )
    assert (first.language, first.word_timestamps) == ("auto", False)
    assert (second.task, second.language, second.word_timestamps) == (
        "translate",
        "de",
        True,
    )


async def test_a_client_may_be_more_patient_from_now_on() -> None:
    listening = Listening()
    await listening.feed(1, -0.5)
    listening.session.configure(Options(silence_max_seconds=2))
    await listening.feed(-1, 1)
    assert listening.engine.heard == []
    await listening.feed(-2.2)
    await listening.settle()
    assert len(listening.engine.heard) == 1
    await listening.end()


async def test_a_language_is_kept_when_one_utterance_sounds_like_another() -> None:
    class Doubtful(FakeStt):
        found = ["en", "en", "cy", "en", "cy", "cy"]

        async def transcribe(
            self, utterance: TranscriptionRequest, *asked: Any
        ) -> Transcript:
            await super().transcribe(utterance, *asked)
            given = utterance.language
            if given != "auto":
                return Transcript("again", given, 1.0, 1, "m")
            return Transcript("text", self.found.pop(0), 0.5, 1, "m")

    engine = Doubtful()
    listening = Listening(engine)
    await listening.feed(*[1, -1] * 6)
    await listening.end()
    languages = [each.language for each in listening.of("transcript") if each.text]
    # The third is not believed; the last two come in a row.
    assert languages == ["en", "en", "en", "en", "en", "cy"]


async def test_it_acknowledges_what_need_not_be_sent_again() -> None:
    engine, time = AskedStt(), Time()
    listening = listening_to(engine, time)
    await speak(listening, time, -5)
    acks = [each.audio_seconds for each in listening.of("ack")]
    assert acks == [pytest.approx(2, abs=0.1), pytest.approx(4, abs=0.1)]
    await speak(listening, time, 4)
    during = [each.audio_seconds for each in listening.of("ack")]
    assert max(during) <= 4.71, "what is being said is not acknowledged"
    await speak(listening, time, -1)
    await listening.settle()
    kinds = [each.type for each in listening.messages]
    assert kinds[-2:] == ["transcript", "ack"]
    end = listening.of("transcript")[0].end
    assert listening.messages[-1].audio_seconds == pytest.approx(end, abs=0.8)
    await listening.end()


async def test_what_waits_for_its_text_is_not_acknowledged() -> None:
    engine, time = FakeStt(seconds=0.05), Time()
    listening = listening_to(engine, time, speculative_pause_seconds=0)
    await speak(listening, time, 1, -9)
    assert max([each.audio_seconds for each in listening.of("ack")], default=0) == 0
    await listening.settle()
    assert listening.of("ack")[-1].audio_seconds > 8
    await listening.end()


async def test_it_says_so_when_texts_are_late() -> None:
    engine, time = FakeStt(seconds=5), Time()
    listening = listening_to(engine, time, speculative_pause_seconds=0)
    await speak(listening, time, 1, -4)
    lags = [each.lag_ms for each in listening.of("status")]
    assert lags == [pytest.approx(1_000 * n, abs=60) for n in (1, 2, 3)]
    listening.task.cancel()


async def test_a_resumed_stream_counts_on() -> None:
    start = Start(10.0, utterances=4, resume_token="t", resumed=True)
    listening = Listening(FakeStt(["five"]), start=start)
    await listening.feed(-0.5, 1, -1)
    await listening.end()
    ready = listening.messages[0]
    assert (ready.resumed, ready.audio_seconds, ready.resume_token) == (True, 10.0, "t")
    transcript = listening.of("transcript")[0]
    assert transcript.utterance_id == 5
    assert transcript.start == pytest.approx(10.2, abs=0.05)
    assert listening.of("closed")[0].audio_seconds == pytest.approx(12.5)
