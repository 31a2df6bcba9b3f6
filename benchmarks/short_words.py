"""Words of one syllable, said alone: how many are heard, and what is heard in noise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from piper import PiperVoice

from benchmarks.corpus import samples_of, without_speech
from benchmarks.flags import Flags
from benchmarks.noises import MINUTES_EACH, colored, noises
from benchmarks.report import table
from common.audio import SPEECH_RATE_HZ, Audio, Samples, float_to_pcm16
from common.config import load_config
from common.config.speech import ListeningSettings
from common.models.files import find_voices, find_whisper
from stt_app.core.endpointing.events import UtteranceEnded
from stt_app.core.endpointing.frontend import AudioFrontend
from stt_app.core.endpointing.vad import SileroVad
from stt_app.core.session.options import Options
from stt_app.core.session.settings import SessionSettings
from stt_app.core.whisper.requests import WhisperOptions, WhisperRequest
from stt_app.core.whisper.worker import WhisperWorker
from tests.word_errors import normalize

WORDS = (
    *("no", "go", "hi", "two", "eight", "up", "on", "off", "bye", "you", "yes", "stop"),
    *("one", "three", "four", "five", "six", "nine", "ten", "down", "left", "right"),
    *("start", "play", "pause", "next", "back", "help", "call", "red", "green", "blue"),
    *("what", "why", "who", "now", "good", "fine", "yeah", "thanks", "wait", "done"),
)
SIGNAL_TO_NOISE_DB = (None, 20, 10)
BEFORE_SECONDS = 1.0
AFTER_SECONDS = 1.2
THREADS = 2


def run(flags: Flags) -> str:
    """A table for each model."""
    words = WORDS[:: 8 if flags.quick else 1]
    spoken = dict(zip(words, _say(words), strict=True))
    return "\n".join(_tables(model, spoken, flags) for model in flags.models)


def _tables(model: str, spoken: dict[str, Samples], flags: Flags) -> str:
    ear = Ear(model)
    rows = [_row(ear, spoken, noise_db) for noise_db in SIGNAL_TO_NOISE_DB]
    header = ["background", "words", "something heard", "the word heard", "others"]
    quiet = [
        ("recordings without speech", samples_of(clip)) for clip in without_speech()
    ]
    made = list(noises(0.4 if flags.quick else MINUTES_EACH))
    return "\n".join(
        (
            table(f"Words of one syllable, {model}", header, rows),
            table(
                f"Sound without speech, {model}",
                ["sound", "minutes", "utterances", "with text", "texts"],
                list(_phantoms(ear, [*quiet, *made])),
            ),
        )
    )


class Ear:
    """What `/ws/stt` does with the audio of a client, without the waiting."""

    def __init__(self, model: str) -> None:
        folder = find_whisper(model, load_config({}).config)
        self._worker = WhisperWorker(
            WhisperOptions(model, folder, "cpu", "int8", THREADS)
        )
        self._worker.load()
        self._vad = SileroVad()
        self._settings = SessionSettings(ListeningSettings(), Options(language="en"))

    def texts(self, samples: Samples) -> list[str]:
        """The text of each utterance, empty ones too."""
        frontend = AudioFrontend(self._settings.listening, self._vad)
        events = frontend.hear(float_to_pcm16(samples)) + frontend.flush()
        return [
            self._text(event) for event in events if isinstance(event, UtteranceEnded)
        ]

    def _text(self, ended: UtteranceEnded) -> str:
        request = self._settings.request(ended)
        (reply,) = self._worker.handle(WhisperRequest(request))
        return str(reply.transcript.text)


def _row(ear: Ear, spoken: dict[str, Samples], noise_db: float | None) -> list[str]:
    heard = {word: ear.texts(_placed(said, noise_db)) for word, said in spoken.items()}
    some = [word for word, texts in heard.items() if any(texts)]
    right = [
        word for word in some if normalize(" ".join(heard[word])) == normalize(word)
    ]
    others = [f"{word}: {' '.join(heard[word])}" for word in some if word not in right]
    background = "none" if noise_db is None else f"pink noise, {noise_db} dB below"
    return [
        background,
        str(len(heard)),
        str(len(some)),
        str(len(right)),
        "; ".join(others),
    ]


def _placed(said: Samples, noise_db: float | None) -> Samples:
    """The word between pauses, in noise."""
    before, after = (
        np.zeros(round(seconds * SPEECH_RATE_HZ), np.float32)
        for seconds in (BEFORE_SECONDS, AFTER_SECONDS)
    )
    placed = np.concatenate([before, said, after])
    if noise_db is None:
        return placed
    loud = np.sqrt(np.mean(said[np.abs(said) > 0.01] ** 2))  # The word, not its pauses.
    noise = colored(np.random.default_rng(0), 1, len(placed) / SPEECH_RATE_HZ)
    noisy: Samples = (placed + noise * loud * 10 ** (-noise_db / 20)).astype(np.float32)
    return noisy


def _phantoms(ear: Ear, sounds: Iterable[tuple[str, Samples]]) -> Iterator[list[str]]:
    counted: dict[str, tuple[float, list[str]]] = {}
    for name, samples in sounds:
        minutes, texts = counted.get(name, (0.0, []))
        minutes += len(samples) / SPEECH_RATE_HZ / 60
        counted[name] = minutes, [*texts, *ear.texts(samples)]
    for name, (minutes, texts) in counted.items():
        written = [text for text in texts if text]
        numbers = f"{minutes:.1f}", str(len(texts)), str(len(written))
        yield [name, *numbers, "; ".join(written)]


def _say(words: Iterable[str]) -> Iterator[Samples]:
    files = find_voices(load_config({}).config)[0]
    voice = PiperVoice.load(str(files.onnx), str(files.config))
    for word in words:
        chunks = list(voice.synthesize(f"{word.capitalize()}."))
        samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
        audio = Audio(samples.astype(np.float32), chunks[0].sample_rate)
        yield audio.resampled(SPEECH_RATE_HZ).samples
