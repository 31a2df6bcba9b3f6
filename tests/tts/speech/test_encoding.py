"""Every format decodes to the audio that went in, however it was cut, at every rate."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator

import av
import numpy as np
import pytest

from common.audio import Samples, pcm16_to_float
from common.errors import BadValue
from tts_app.core.engine import WordTime
from tts_app.core.events import (
    ClauseStarted,
    PcmAudio,
    SpeechEvent,
    SpeechFinished,
    WordsTimed,
)
from tts_app.core.speech.encoded_speech import AudioBytes, EncodedSpeech
from tts_app.core.speech.encoding import FORMATS, make_encoder
from tts_app.core.speech.joining import Joiner

FROM_HZ = 22_050
FRAME_SAMPLES = {"mp3": 1_152, "aac": 1_024, "opus": 960, "flac": 0, "wav": 0, "pcm": 0}
RATES_HZ = (8_000, 11_025, 16_000, 24_000, 44_100, 48_000)
OPUS_RATES_HZ = (8_000, 12_000, 16_000, 24_000, 48_000)


def chirp(seconds: float, rate_hz: int = FROM_HZ) -> Samples:
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    sound = 0.4 * np.sin(2 * np.pi * (300 + 200 * times) * times)
    chirped: Samples = sound.astype(np.float32)
    return chirped


class Answer:
    """An answer's audio, cut in parts of `step` samples, as EncodedSpeech reads it."""

    rate_hz = FROM_HZ

    def __init__(self, samples: Samples, step: int) -> None:
        joiner = Joiner(FROM_HZ)
        speech = joiner.add(samples).samples
        _, silence = joiner.finish()
        self._parts = [speech[at : at + step] for at in range(0, len(speech), step)]
        self._silence = silence

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        yield ClauseStarted(0, "one", start_sample=FROM_HZ // 10, rate_hz=FROM_HZ)
        yield WordsTimed((WordTime("one", 0.1, 0.2),), clause=0)
        for part in self._parts:
            yield PcmAudio(part, FROM_HZ, clause=0, start_sample=0)
        yield PcmAudio(
            self._silence, FROM_HZ, clause=0, start_sample=0, is_closing_silence=True
        )
        yield SpeechFinished(1.0)


def events_of(encoded: EncodedSpeech) -> list[SpeechEvent | AudioBytes]:
    async def read() -> list[SpeechEvent | AudioBytes]:
        return [event async for event in encoded]

    return asyncio.run(read())


def encoded(
    audio_format: str,
    samples: Samples,
    *,
    step: int = 5_000,
    rate_hz: int | None = None,
) -> tuple[bytes, int]:
    """The file of the answer, and the rate that it is said to have."""
    speech = EncodedSpeech(Answer(samples, step), audio_format, rate_hz)
    events = events_of(speech)
    assert isinstance(events[-1], SpeechFinished)
    data = [event.data for event in events if isinstance(event, AudioBytes)]
    return b"".join(data), speech.rate_hz


def decoded(audio_format: str, data: bytes, rate_hz: int) -> tuple[Samples, int]:
    if audio_format == "pcm":
        return pcm16_to_float(data), rate_hz
    parts, found_hz = [], 0
    with av.open(io.BytesIO(data)) as container:
        for frame in container.decode(audio=0):
            plane = frame.to_ndarray().reshape(-1).astype(np.float32)
            scale = 32_768 if frame.format.name.startswith("s16") else 1
            parts.append(plane / np.float32(scale))
            found_hz = frame.sample_rate
    whole: Samples = np.concatenate(parts, dtype=np.float32)
    return whole, found_hz


def seconds_of(samples: Samples) -> float:
    joiner = Joiner(FROM_HZ)
    parts = [joiner.add(samples).samples, *joiner.finish()]
    return sum(map(len, parts)) / FROM_HZ


@pytest.mark.parametrize("audio_format", FORMATS)
@pytest.mark.parametrize("seconds", [0.2, 1.0, 2.345])
def test_it_lasts_as_long_as_the_audio(audio_format: str, seconds: float) -> None:
    data, rate_hz = encoded(audio_format, chirp(seconds))
    samples, found_hz = decoded(audio_format, data, rate_hz)
    assert found_hz == rate_hz
    frame_seconds = (FRAME_SAMPLES[audio_format] + 1) / rate_hz
    lasts = len(samples) / rate_hz
    assert abs(lasts - seconds_of(chirp(seconds))) <= frame_seconds


@pytest.mark.parametrize(
    ("audio_format", "rate_hz"),
    [
        (audio_format, rate_hz)
        for audio_format in FORMATS
        for rate_hz in (OPUS_RATES_HZ if audio_format == "opus" else RATES_HZ)
    ],
)
def test_it_has_the_rate_that_was_asked_for(audio_format: str, rate_hz: int) -> None:
    data, said_hz = encoded(audio_format, chirp(1.0), rate_hz=rate_hz)
    samples, found_hz = decoded(audio_format, data, said_hz)
    assert found_hz == said_hz == (48_000 if audio_format == "opus" else rate_hz)
    frame_seconds = (FRAME_SAMPLES[audio_format] + 2) / min(rate_hz, found_hz)
    assert abs(len(samples) / found_hz - seconds_of(chirp(1.0))) <= frame_seconds
    spectrum = np.abs(np.fft.rfft(samples[: found_hz // 2]))
    assert 250 < spectrum.argmax() * 2 < 600


@pytest.mark.parametrize("audio_format", ["wav", "pcm", "flac"])
def test_it_loses_nothing_in_lossless_formats(audio_format: str) -> None:
    once, rate_hz = encoded(audio_format, chirp(1.0), step=10**6)
    cut, _ = encoded(audio_format, chirp(1.0), step=777)
    first, _ = decoded(audio_format, once, rate_hz)
    second, _ = decoded(audio_format, cut, rate_hz)
    assert np.array_equal(first, second)


@pytest.mark.parametrize("rate_hz", [None, 16_000])
def test_wav_has_one_header_that_the_standard_library_reads(
    rate_hz: int | None,
) -> None:
    data, said_hz = encoded("wav", chirp(1.0), rate_hz=rate_hz)
    assert data.count(b"RIFF") == data.count(b"data") == 1
    with wave.open(io.BytesIO(data)) as reader:
        assert (reader.getframerate(), reader.getnchannels()) == (said_hz, 1)
        assert reader.getsampwidth() == 2
    assert (len(data) - 44) % 2 == 0


@pytest.mark.parametrize(
    ("audio_format", "mark"), [("opus", b"OpusHead"), ("flac", b"fLaC")]
)
def test_a_container_has_one_header(audio_format: str, mark: bytes) -> None:
    data, _ = encoded(audio_format, chirp(2.0), step=500)
    assert data.count(mark) == 1


@pytest.mark.parametrize("audio_format", FORMATS)
def test_its_words_are_timed_as_the_file_is_heard(audio_format: str) -> None:
    delay_seconds = make_encoder(audio_format, FROM_HZ).delay_seconds
    assert (delay_seconds > 0) is (audio_format in ("mp3", "aac"))
    events = events_of(EncodedSpeech(Answer(chirp(1.0), 5_000), audio_format))
    (timed,) = [event for event in events if isinstance(event, WordsTimed)]
    assert timed.words == (WordTime("one", 0.1 + delay_seconds, 0.2 + delay_seconds),)
    (started,) = [event for event in events if isinstance(event, ClauseStarted)]
    assert started.start_seconds == pytest.approx(0.1 + delay_seconds, abs=1e-4)


@pytest.mark.parametrize("audio_format", FORMATS)
def test_it_gives_bytes_before_the_end(audio_format: str) -> None:
    encoder = make_encoder(audio_format, FROM_HZ)
    assert encoder.encode(chirp(0.5))
    encoder.close()
    encoder.close()


@pytest.mark.parametrize(
    ("audio_format", "rate_hz", "known"),
    [
        ("opus", 22_050, "8000, 12000, 16000, 24000, 48000"),
        ("mp3", 9_000, "11025"),
        ("aac", 47_999, "44100"),
        ("wav", 7_999, "8000 and 48000"),
        ("flac", 96_000, "8000 and 48000"),
    ],
)
def test_it_names_the_rates_that_a_format_has(
    audio_format: str, rate_hz: int, known: str
) -> None:
    with pytest.raises(BadValue, match=known) as refused:
        make_encoder(audio_format, FROM_HZ, rate_hz)
    assert refused.value.field == "sample_rate"
