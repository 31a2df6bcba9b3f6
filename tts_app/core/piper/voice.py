"""One loaded Piper voice: phonemes in, streamed audio out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from common.audio import Samples
from common.errors import BadValue, EngineFailed
from tts_app.core.engine import VoiceSettings

Frames = npt.NDArray[np.float32]
"""Latent frames: 1 x channels x frames."""

SPEAKER_INPUT = "sid"
TEST_TEXT = "This is what a first clause is like,"
FIRST_FRAMES = 24
"""About a quarter of a second of speech: quick to make, and long enough to cover the
next chunk."""
MOST_FRAMES = 512
"""Maximum per chunk, so that synthesis can stop in the middle of a long sentence."""
SAFETY = 2.0
"""A chunk takes at most this fraction of the duration of the previous audio."""
OVERLAPS = (8, 12, 16, 24, 32)
"""Candidates for the context frames on each side that make a chunk exact."""
EXACT = 1e-4
"""An inaudible difference of two samples: three steps of PCM16."""
LEVEL = 0.9
"""The peak level of the test text after normalisation."""
KNEE = 0.8
"""Louder samples are soft-clipped, so that none exceeds 1."""


@dataclass(frozen=True, eq=False)
class Part:
    """A chunk of a sentence's audio: mono float32 samples in [-1, 1]."""

    samples: Samples
    is_last: bool


@dataclass(frozen=True)
class Sentence:
    """A sentence during synthesis."""

    sounds: list[tuple[str, int]]
    """Each phoneme and its length in samples; empty if the voice does not report it."""
    parts: Iterator[Part]
    """Its audio, streamed."""


class Voice:
    """A loaded voice. Chunking never changes its sound, and each sentence keeps its own
    loudness."""

    def __init__(self, piper: Any, vocoder: Any = None, inputs: Sequence[str] = ()):
        self._piper = piper
        self._vocoder = vocoder
        self._inputs = inputs
        self._text_inputs = [each.name for each in piper.session.get_inputs()]
        self._overlap = 0
        self._gains: dict[int, float] = {}
        self._hop_samples = int(piper.config.hop_length)
        if vocoder is not None:
            self._measure()

    @property
    def rate_hz(self) -> int:
        return int(self._piper.config.sample_rate)

    @property
    def is_early(self) -> bool:
        """Whether a sentence's audio can stream."""
        return self._vocoder is not None

    def phonemize(self, text: str) -> list[list[str]]:
        """The phonemes of each sentence that is found in the text."""
        return [found for found in self._piper.phonemize(text) if found]

    def say(
        self, phonemes: Sequence[str], settings: VoiceSettings, *, early: bool = False
    ) -> Sentence:
        """Synthesise one sentence; `early` returns a short first chunk as soon as
        possible. Ignores the voice's name in the settings. Raises
        BadValue for a speaker that it does not have.
        """
        ids = self._piper.phonemes_to_ids(phonemes)
        made, durations = self._run(ids, settings)
        speaker = self._number(settings.speaker)
        gain = self._gain(speaker)
        parts = (
            Part(_rounded_off(part.samples * gain) * settings.volume, part.is_last)
            for part in self._spoken(made, speaker, early=early)
        )
        known = self._piper.config.phoneme_id_map
        return Sentence(_sounds(phonemes, durations, known), parts)

    def _spoken(self, made: Frames, speaker: int, *, early: bool) -> Iterator[Part]:
        if self._vocoder is None:
            yield Part(made.reshape(-1), is_last=True)
            return
        done, total = 0, made.shape[-1]
        size = FIRST_FRAMES if early else MOST_FRAMES
        while done < total:
            # Avoid a tiny last chunk.
            size = total - done if total - done < size + FIRST_FRAMES else size
            began = time.perf_counter()
            samples = self._stretch(made, done, done + size, speaker)
            taken_seconds = time.perf_counter() - began
            done += size
            yield Part(samples, is_last=done == total)
            size = self._next_size(done, size, taken_seconds)

    def _next_size(self, done: int, size: int, taken_seconds: float) -> int:
        """The chunk size that can be made while the previous audio plays."""
        frame_seconds = self._hop_samples / self.rate_hz
        per_frame = taken_seconds / size
        affordable = done * frame_seconds / per_frame / SAFETY
        return int(min(max(FIRST_FRAMES, affordable), MOST_FRAMES))

    def _stretch(self, frames: Frames, begin: int, end: int, speaker: int) -> Samples:
        """The samples of these frames, the same as in the whole."""
        first = max(0, begin - self._overlap)
        samples = self._vocode(frames[:, :, first : end + self._overlap], speaker)
        skip = (begin - first) * self._hop_samples
        return samples[skip : skip + (end - begin) * self._hop_samples]

    def _vocode(self, frames: Frames, speaker: int) -> Samples:
        given = {self._inputs[0]: frames, SPEAKER_INPUT: np.array([speaker], np.int64)}
        found = self._vocoder.run(None, {name: given[name] for name in self._inputs})
        return np.asarray(found[0], np.float32).reshape(-1)

    def _run(
        self, ids: Sequence[int], settings: VoiceSettings
    ) -> tuple[Frames, npt.NDArray[np.int64] | None]:
        """The output of the (first half of the) voice, and each id's length in
        samples."""
        config = self._piper.config
        given: dict[str, Any] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(
                [
                    _given_or(settings.noise_scale, config.noise_scale),
                    config.length_scale / settings.speed,
                    _given_or(settings.noise_w, config.noise_w_scale),
                ],
                np.float32,
            ),
            SPEAKER_INPUT: np.array([self._number(settings.speaker)], np.int64),
        }
        wanted = {name: given[name] for name in self._text_inputs}
        made, *more = self._piper.session.run(None, wanted)
        durations = more[0].reshape(-1) * self._hop_samples if more else None
        return made, None if durations is None else durations.astype(np.int64)

    def _number(self, speaker: str | int | None) -> int:
        config = self._piper.config
        if speaker is None:
            return int(config.default_speaker_id or 0)
        number = (config.speaker_id_map or {}).get(speaker, speaker)
        if isinstance(number, str):
            raise BadValue(f"The voice has no speaker `{speaker}`.", field="speaker")
        return int(number)

    def _gain(self, speaker: int) -> float:
        """One gain per speaker: the loudness of a sentence is known only at its end,
        too late for its first chunk."""
        if speaker not in self._gains:
            self._gains[speaker] = _gain_of(
                part.samples
                for made in self._test_sentences(speaker)
                for part in self._spoken(made, speaker, early=False)
            )
        return self._gains[speaker]

    def _test_sentences(self, speaker: int) -> Iterator[Frames]:
        """The voice's output for the test text, without randomness."""
        settings = VoiceSettings(speaker=speaker, noise_scale=0.0, noise_w=0.0)
        for phonemes in self.phonemize(TEST_TEXT):
            yield self._run(self._piper.phonemes_to_ids(phonemes), settings)[0]

    def _measure(self) -> None:
        """The samples per frame, and the context that the vocoder needs. Raises
        EngineFailed if a chunk differs from the whole."""
        speaker = self._number(None)
        frames = next(self._test_sentences(speaker))
        whole = self._vocode(frames, speaker)
        self._gains[speaker] = _gain_of([whole])
        count = frames.shape[-1]
        self._hop_samples, rest = divmod(len(whole), count)
        begin, end = count // 2 - FIRST_FRAMES // 2, count // 2 + FIRST_FRAMES // 2
        as_whole = whole[begin * self._hop_samples : end * self._hop_samples]
        for self._overlap in () if rest else OVERLAPS:
            if self._overlap > min(begin, count - end):
                break
            if _is_same(self._stretch(frames, begin, end, speaker), as_whole):
                return
        raise EngineFailed("The voice cannot stream.")


def _sounds(
    phonemes: Sequence[str],
    lengths: npt.NDArray[np.int64] | None,
    ids: dict[str, Sequence[int]],
) -> list[tuple[str, int]]:
    """Each phoneme with the samples of its ids and of the following padding."""
    if lengths is None:
        return []
    from piper.const import BOS, EOS, PAD

    found, at = [], 0
    for phoneme in (BOS, *phonemes, EOS):
        # Piper skips a phoneme that the voice does not know.
        width = len(ids.get(phoneme, ()))
        width += len(ids[PAD]) if width and phoneme is not EOS else 0
        found.append((phoneme, int(lengths[at : at + width].sum())))
        at += width
    return found if at == len(lengths) else []


def _gain_of(sounds: Iterable[Samples]) -> float:
    """The gain that brings the loudest sample to LEVEL."""
    peak = max((float(np.abs(each).max(initial=0.0)) for each in sounds), default=0.0)
    return LEVEL / peak if peak > EXACT else 1.0


def _rounded_off(samples: Samples) -> Samples:
    loudness = np.abs(samples)
    loud = loudness > KNEE
    if not loud.any():
        return samples
    room = 1.0 - KNEE
    samples = samples.copy()
    samples[loud] = np.sign(samples[loud]) * (
        KNEE + room * np.tanh((loudness[loud] - KNEE) / room)
    )
    return samples


def _is_same(one: Samples, other: Samples) -> bool:
    return len(one) == len(other) and bool(np.abs(one - other).max(initial=0) < EXACT)


def _given_or(given: float | None, usual: float) -> float:
    return usual if given is None else given
