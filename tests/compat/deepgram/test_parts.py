"""The small parts: WAV headers, words, languages, errors, model names."""

from __future__ import annotations

import io
import wave

import av
import pytest
from hypothesis import given, strategies as st

from common.audio import Audio, wav_bytes
from common.errors import (
    NotFound,
    Overloaded,
    TooLarge,
    Unauthorized,
    UnsupportedAudio,
    VoiceError,
)
from compat_app.deepgram.audio_input import AudioInput
from compat_app.deepgram.errors import DeepgramShape, fatal_code, variant
from compat_app.deepgram.models import model_uuid, now
from compat_app.deepgram.wav import HEADER_BYTES, WavFormat, read_wav_header
from compat_app.deepgram.words import plain_word
from stt_app.core.codecs.decoders import Encoding
from tests.stt.sounds import pcm, sound

FORMATS: list[tuple[Encoding, int, str]] = [
    ("pcm_s16le", 2, "pcm_s16le"),
    ("pcm_f32le", 4, "pcm_f32le"),
    ("mulaw", 1, "pcm_mulaw"),
    ("alaw", 1, "pcm_alaw"),
]


@pytest.mark.parametrize(("encoding", "width", "codec"), FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_header_is_read_as_it_was_written(
    encoding: Encoding, width: int, codec: str, channels: int
) -> None:
    audio = bytes(8_000 * width * channels)
    wav = WavFormat(encoding, channels, 8_000)
    header = wav.header(len(audio))
    assert len(header) == HEADER_BYTES
    assert read_wav_header(header + audio) == (wav, HEADER_BYTES)
    with av.open(io.BytesIO(header + audio)) as file:
        (stream,) = file.streams.audio
        assert (stream.codec_context.name, stream.rate) == (codec, 8_000)
        assert stream.codec_context.channels == channels
        samples = [frame.samples for frame in file.decode(stream)]
    assert sum(samples) == 8_000


def test_a_header_of_unknown_length_is_read_to_the_end() -> None:
    header = WavFormat("pcm_s16le", 1, 16_000).header()
    with wave.open(io.BytesIO(header + pcm(1))) as reader:
        assert reader.getframerate() == 16_000


@pytest.mark.parametrize("length", range(HEADER_BYTES))
def test_an_incomplete_header_is_no_header_yet(length: int) -> None:
    whole = wav_bytes(Audio(sound(0.1), 16_000))
    assert read_wav_header(whole[:length]) is None


@given(st.binary(max_size=200))
def test_any_bytes_after_riff_are_read_or_refused(rest: bytes) -> None:
    audio = AudioInput(None, 1)
    try:
        out = audio.push(b"RIFF\0\0\0\0WAVE" + rest)
    except (UnsupportedAudio, VoiceError) as error:
        assert error.message
    else:
        assert len(out) <= len(rest)


@pytest.mark.parametrize(
    ("word", "plain"),
    [
        ("Hello,", "hello"),
        ("“Dashwood!”", "dashwood"),
        ("can't", "can't"),
        ("U.S.", "u.s"),
        ("&", "&"),
        ("Größe.", "größe"),
        ("", ""),
    ],
)
def test_a_plain_word_has_no_outer_punctuation(word: str, plain: str) -> None:
    assert plain_word(word) == plain


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unauthorized("No."), 401, "INVALID_AUTH"),
        (NotFound("No."), 404, "NOT_FOUND"),
        (TooLarge("No."), 413, "PAYLOAD_TOO_LARGE"),
        (UnsupportedAudio("No."), 400, "Bad Request"),
        (Overloaded("No."), 503, "SERVICE_UNAVAILABLE"),
        (VoiceError("No."), 500, "INTERNAL_SERVER_ERROR"),
    ],
)
def test_an_error_has_deepgrams_shape(
    error: VoiceError, status: int, code: str
) -> None:
    shape = DeepgramShape()
    assert shape.status(error) == status
    body = {"err_code": code, "err_msg": "No.", "request_id": "a"}
    assert shape.body(error, "a") == body
    assert shape.body(error, None) == {**body, "request_id": ""}


def test_an_error_has_a_category_on_each_socket() -> None:
    error = Overloaded("No.")
    assert (variant(error), fatal_code(error)) == ("Overloaded", "OVERLOADED")


def test_a_model_has_the_same_uuid_everywhere() -> None:
    assert model_uuid("base") == model_uuid("base") != model_uuid("tiny.en")
    assert now().endswith("Z")
