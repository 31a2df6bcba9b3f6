"""What a session tells of speech besides its text, and what it asks of the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from common.audio import float_to_pcm16
from common.workers import Priority
from stt_app.core.engine import Transcript, TranscriptionRequest, Word
from stt_app.core.session.options import Options
from stt_app.core.session.settings import Start
from tests.fakes import FakeStt
from tests.stt.golden.fakes import HeldStt
from tests.stt.interim.speaking import AskedStt, Time, listening_to, speak
from tests.stt.listening import Listening
from tests.stt.sounds import pcm
from tests.waiting import idle


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
    await speak(listening, time, -1, 0.06, -1, 1, -1)
    await listening.end()
    starts = [each.utterance_id for each in listening.of("speech_started")]
    assert starts == [1, 1]
    assert [each.utterance_id for each in listening.of("speech_ended")] == starts


async def test_sound_without_speech_is_hinted_at_once() -> None:
    listening = listening_to(AskedStt(), time := Time())
    hiss = np.random.default_rng(0).standard_normal(16_000 * 25) * 0.01
    for second in np.split(hiss, 25):
        listening.session.feed(float_to_pcm16(second))
        time.now += 1
    await listening.end()
    (hint,) = listening.of("status")
    assert "no speech" in hint.hint


async def test_a_cut_is_no_end_of_speech() -> None:
    listening = listening_to(AskedStt(), time := Time(), max_utterance_seconds=3)
    await speak(listening, time, 8, -1)
    await listening.end()
    assert len(listening.of("transcript")) >= 3
    assert len(listening.of("speech_started")) == 1
    assert len(listening.of("speech_ended")) == 1


async def test_a_recording_waits_for_whoever_speaks() -> None:
    engine, time = AskedStt(), Time()
    options = Options(purpose="file", interim_results=True)
    listening = listening_to(engine, time, options)
    await speak(listening, time, 3, -1)
    await listening.end()
    assert engine.priorities == [Priority.FILE]
    assert listening.of("partial") == []


async def test_a_recordings_utterances_are_asked_for_a_few_at_a_time() -> None:
    engine = HeldStt()
    engine.hold()
    listening = Listening(engine, Options(purpose="file"))
    listening.session.feed(pcm(*[1, -1] * 10))
    await idle()
    assert engine.asked == 4
    engine.release()
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
    engine, time = HeldStt(), Time()
    engine.hold()
    listening = listening_to(engine, time, speculative_pause_seconds=0)
    await speak(listening, time, 1, -9)
    assert max([each.audio_seconds for each in listening.of("ack")], default=0) == 0
    engine.release()
    await listening.settle()
    assert listening.of("ack")[-1].audio_seconds > 8
    await listening.end()


async def test_it_says_so_when_texts_are_late() -> None:
    engine, time = FakeStt(seconds=60), Time()
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
