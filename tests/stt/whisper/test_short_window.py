"""The short window hears what the full one hears, on the real model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from common.config import LoadedConfig
from common.models.files import find_whisper
from stt_app.core.engine import TranscriptionRequest
from stt_app.core.languages import LANGUAGES
from stt_app.core.whisper.decoding import Decoding
from stt_app.core.whisper.hallucinations.quality import RedecodeReason
from stt_app.core.whisper.requests import WhisperOptions, WhisperReply, WhisperRequest
from stt_app.core.whisper.short_window import (
    ShortWindowWhisper,
    sounding_frames,
    window_frames,
)
from stt_app.core.whisper.window_table import LONGEST_SECONDS
from stt_app.core.whisper.worker import WhisperWorker
from tests.stt.conftest import SENTENCE, speech_of
from tests.stt.sounds import silence
from tests.word_errors import normalize

pytestmark = pytest.mark.model

ALIGNMENT_SECONDS = 0.1


@pytest.fixture(scope="module")
def worker(real_config: LoadedConfig) -> Iterator[WhisperWorker]:
    folder = find_whisper("tiny.en", real_config.config)
    worker = WhisperWorker(
        WhisperOptions("tiny.en", folder, "cpu", "int8", 2, window="short")
    )
    worker.load()
    yield worker


@pytest.fixture
def model(worker: WhisperWorker) -> ShortWindowWhisper:
    found: ShortWindowWhisper = worker._model.for_one_utterance()
    return found


def decode(
    model: ShortWindowWhisper, utterance: TranscriptionRequest, *, short: bool = True
) -> WhisperReply:
    model.short_languages = LANGUAGES if short else frozenset()
    return Decoding(model, WhisperRequest(utterance), "tiny.en").run()


def test_it_hears_what_the_full_window_hears(
    model: ShortWindowWhisper, utterance: TranscriptionRequest
) -> None:
    short = decode(model, utterance)
    full = decode(model, utterance, short=False)
    assert (short.short, full.short) == (True, False)
    assert normalize(short.transcript.text) == normalize(SENTENCE)
    assert normalize(full.transcript.text) == normalize(SENTENCE)


def test_its_word_times_agree_with_the_full_window(
    model: ShortWindowWhisper, utterance: TranscriptionRequest
) -> None:
    timed = replace(utterance, word_timestamps=True)
    short = decode(model, timed).transcript.words
    full = decode(model, timed, short=False).transcript.words
    assert len(short) == len(full) == len(SENTENCE.split())
    apart = [abs(a.start - b.start) for a, b in zip(short, full, strict=True)]
    assert np.median(apart) <= ALIGNMENT_SECONDS


def test_a_sentence_after_a_phrase_said_seven_times_is_heard(
    model: ShortWindowWhisper, real_tts: Any, _engine_loop: Any
) -> None:
    phrase, last = (
        _engine_loop.run_until_complete(speech_of(real_tts, text)).samples
        for text in ("Seven of clubs.", "Every purchase is a vote.")
    )
    pause = silence(0.3)
    said = np.concatenate([*[phrase, pause] * 7, last, pause])
    heard = normalize(decode(model, TranscriptionRequest(said)).transcript.text)
    assert heard.endswith("a vote")
    assert 5 <= heard.count("club") <= 9


def test_a_long_utterance_gets_the_full_window(
    model: ShortWindowWhisper, utterance: TranscriptionRequest
) -> None:
    times = int(LONGEST_SECONDS / utterance.seconds) + 1
    long = TranscriptionRequest(np.tile(utterance.samples, times))
    assert not decode(model, long).short


@pytest.mark.parametrize("seconds", [0.01, 1, 5])
def test_it_writes_nothing_on_silence(
    model: ShortWindowWhisper, seconds: float
) -> None:
    silence = np.zeros(int(seconds * 16_000), np.float32)
    reply = decode(model, TranscriptionRequest(silence, voice_probability=0.0))
    assert reply.transcript.text == ""


def test_an_empty_text_where_voice_was_heard_is_looked_at_again(
    model: ShortWindowWhisper,
) -> None:
    silence = np.zeros(16_000, np.float32)
    assert (
        decode(model, TranscriptionRequest(silence, voice_probability=1.0)).redecoded
        is RedecodeReason.EMPTY
    )


def test_an_interim_text_is_not_looked_at_again(worker: WhisperWorker) -> None:
    silence = TranscriptionRequest(np.zeros(16_000, np.float32))
    (reply,) = worker.handle(WhisperRequest(silence, guarded=False))
    assert reply.redecoded is None


class Watched:
    """A model that notes how wide its beam was, and how much it was given to name
    the language by."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.beams: list[int] = []
        self.positions: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def detect_language(self, states: Any) -> Any:
        self.positions.append(states.shape[1])
        return self._model.detect_language(states)

    def generate(self, *arguments: Any, **options: Any) -> Any:
        self.beams.append(options["beam_size"])
        return self._model.generate(*arguments, **options)


@pytest.mark.parametrize("beam", [1, 5])
def test_it_follows_as_many_hypotheses_as_asked(
    worker: WhisperWorker, utterance: TranscriptionRequest, beam: int
) -> None:
    watched = Watched(worker._model.model)
    model = worker._model.for_one_utterance(watched)
    reply = Decoding(model, WhisperRequest(utterance, beam=beam), "tiny.en").run()
    assert watched.beams == [beam]
    assert normalize(reply.transcript.text) == normalize(SENTENCE)


def test_a_batch_writes_what_each_would_alone(
    worker: WhisperWorker, utterance: TranscriptionRequest
) -> None:
    samples = utterance.samples
    asked = [
        TranscriptionRequest(samples),
        TranscriptionRequest(samples[: len(samples) // 2]),
        TranscriptionRequest(np.concatenate([samples, samples[::-1], samples])),
        TranscriptionRequest(samples, prompt="A fable.", word_timestamps=True),
        TranscriptionRequest(np.zeros(8_000, np.float32)),
    ]
    requests = [WhisperRequest(each) for each in asked]
    alone = [reply for each in requests for reply in worker.handle(each)]
    together = dict(worker.handle_batch(requests))
    assert [together[number].transcript.text for number in range(len(asked))] == [
        reply.transcript.text for reply in alone
    ]
    assert together[3].transcript.words == alone[3].transcript.words


def test_padding_is_not_sound() -> None:
    features = np.zeros((80, 3000), np.float32)
    assert sounding_frames(features) == 0
    features[3, 120] = -0.5
    assert sounding_frames(features) == 121


def test_the_worker_says_how_it_works(worker: WhisperWorker) -> None:
    facts: dict[str, Any] = worker.load()
    assert facts["batch_size"] == 4
    assert "en" in facts["short_window"]


@pytest.fixture(scope="module")
def many_languages(real_config: LoadedConfig) -> ShortWindowWhisper:
    folder = find_whisper("base", real_config.config)
    return ShortWindowWhisper(str(folder), device="cpu", compute_type="int8")


@pytest.mark.parametrize("short", [True, False])
def test_it_names_the_language_by_what_holds_sound(
    many_languages: ShortWindowWhisper, utterance: TranscriptionRequest, short: bool
) -> None:
    watched = Watched(many_languages.model)
    model = many_languages.for_one_utterance(watched)
    found = decode(model, replace(utterance, language="auto"), short=short)
    assert found.short is short
    assert found.transcript.language == "en"
    assert found.transcript.language_probability > 0.8
    assert normalize(found.transcript.text) == normalize(SENTENCE)
    (positions,) = watched.positions
    assert (positions < 500) is short


def test_what_it_names_the_language_by_does_not_change_what_it_writes(
    many_languages: ShortWindowWhisper, utterance: TranscriptionRequest
) -> None:
    texts = [
        decode(
            many_languages.for_one_utterance(), replace(utterance, language=language)
        ).transcript.text
        for language in ("auto", "en")
    ]
    assert texts[0] == texts[1]


def test_windows_have_few_lengths() -> None:
    lengths = set()
    for sounding in range(10, 2_400, 10):
        features = np.zeros((80, 3000), np.float32)
        features[3, sounding - 1] = -0.5
        lengths.add(window_frames(features))
        assert window_frames(features) >= sounding_frames(features) + 200
    assert len(lengths) <= 25
