"""Every encoding and rate, however the bytes are split, becomes the same samples."""

from __future__ import annotations

import random
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from common.audio import SPEECH_RATE_HZ, Samples, float_to_pcm16, rms
from common.errors import UnsupportedAudio
from stt_app.core.codecs.container_stream import ContainerStream
from stt_app.core.codecs.decoders import ENCODINGS, Encoding, build_decoder
from tests.stt.recordings import RATE_HZ, recorded
from tests.stt.sounds import sound

RAW: tuple[Encoding, ...] = ("pcm_s16le", "pcm_f32le", "mulaw", "alaw")
SPEECH = sound(-0.2, 0.5, -0.3, rate_hz=RATE_HZ)
CONTAINERS = ("webm", "ogg", "matroska", "mp4")


def encoded(samples: Samples, encoding: Encoding) -> bytes:
    """What a client sends, made by FFmpeg where it is not PCM."""
    if encoding == "pcm_s16le":
        return float_to_pcm16(samples)
    if encoding == "pcm_f32le":
        return samples.astype("<f4").tobytes()
    if encoding in ("mulaw", "alaw"):
        codec = f"pcm_{encoding}"
        return recorded(samples, encoding, codec, rate_hz=SPEECH_RATE_HZ)
    if encoding == "mp4":
        return recorded(samples, "mp4", "aac")
    return recorded(samples, "webm")


def decoded_in(pieces: list[bytes], encoding: Encoding, rate: int) -> Samples:
    decoder = build_decoder(encoding, rate)
    parts = [decoder.decode(piece) for piece in pieces]
    return np.concatenate([*parts, decoder.flush()])


def split(data: bytes, seed: int) -> list[bytes]:
    """Random pieces, among them empty ones and single bytes."""
    chance, pieces = random.Random(seed), []
    while data:
        length = chance.choice([0, 1, 1, 2, 3, 17, 500, 4_001])
        pieces.append(data[:length])
        data = data[length:]
    return pieces


@pytest.mark.parametrize("encoding", RAW)
def test_it_understands_every_raw_encoding(encoding: Encoding) -> None:
    samples = sound(0.3, -0.1)
    got = decoded_in([encoded(samples, encoding)], encoding, SPEECH_RATE_HZ)
    assert len(got) == len(samples)
    assert np.abs(got - samples).max() < (0.02 if "law" in encoding else 0.0001)


@pytest.mark.parametrize("encoding", RAW)
@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_it_brings_every_rate_to_16_khz(encoding: Encoding, rate_hz: int) -> None:
    data = encoded(sound(1, rate_hz=rate_hz), encoding)
    got = decoded_in([data], encoding, rate_hz)
    assert len(got) == pytest.approx(SPEECH_RATE_HZ, abs=2)
    spectrum = np.abs(np.fft.rfft(got))
    assert np.argmax(spectrum) == pytest.approx(220, abs=1)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("seed", range(3))
def test_it_does_not_matter_how_the_bytes_are_split(
    encoding: Encoding, seed: int
) -> None:
    data = encoded(sound(-0.1, 0.3), encoding)
    whole = decoded_in([data], encoding, 8_000)
    parts = decoded_in(split(data, seed), encoding, 8_000)
    assert len(whole) == len(parts)
    assert np.allclose(whole, parts, atol=1e-6)


@pytest.mark.parametrize(
    ("encoding", "codes", "expected"),
    [
        # From the tables of G.711, 16-bit scale.
        ("mulaw", [0xFF, 0x80, 0x00, 0x7F, 0xF0], [0, 32_124, -32_124, 0, 120]),
        ("alaw", [0xD5, 0xAA, 0x2A, 0x55, 0x80], [8, 32_256, -32_256, -8, 5_504]),
    ],
)
def test_it_knows_the_values_of_the_telephone(
    encoding: Encoding, codes: list[int], expected: list[int]
) -> None:
    got = build_decoder(encoding, SPEECH_RATE_HZ).decode(bytes(codes))
    assert (got * 32_768).tolist() == expected


def test_it_clips_loud_floats_and_makes_the_impossible_silent() -> None:
    wild = struct.pack("<6f", 2, -3, float("nan"), float("inf"), -float("inf"), 0.25)
    got = build_decoder("pcm_f32le", SPEECH_RATE_HZ).decode(wild)
    assert got.tolist() == [1, -1, 0, 1, -1, 0.25]


@given(st.sampled_from(RAW), st.binary(max_size=99), st.integers(8_000, 48_000))
def test_it_makes_finite_samples_of_any_bytes(
    encoding: Encoding, data: bytes, rate_hz: int
) -> None:
    # A container is no such thing: see test_containers.py.
    got = decoded_in([bytes(12) + data], encoding, rate_hz)
    assert got.dtype == np.float32
    assert np.isfinite(got).all()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_it_takes_ten_minutes_at_once(encoding: Encoding) -> None:
    samples = np.tile(sound(0.5, -0.5), 600)
    decoder = build_decoder(encoding, SPEECH_RATE_HZ)
    if encoding in RAW:
        got = decoder.decode(encoded(samples, encoding))
    else:
        minute = recorded(sound(*[0.5, -0.5] * 60, rate_hz=RATE_HZ), "webm")
        got = decoder.decode(minute * 10)
    assert len(got) / SPEECH_RATE_HZ == pytest.approx(600, abs=0.5)
    assert decoder.audio_seconds == pytest.approx(600, abs=0.5)


def test_it_gives_back_what_the_resampler_held_and_goes_on() -> None:
    data = encoded(sound(1, rate_hz=48_000), "pcm_s16le")
    decoder = build_decoder("pcm_s16le", 48_000)
    got = []
    for _ in range(3):
        got.append(np.concatenate([decoder.decode(data), decoder.flush()]))
    assert [len(each) for each in got] == pytest.approx([SPEECH_RATE_HZ] * 3, abs=1)
    assert decoder.audio_seconds == 3


# Opus in a container


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("seekable", [False, True])
def test_it_hears_opus_in_a_container(
    container: str, layout: str, seekable: bool
) -> None:
    data = recorded(SPEECH, container, layout=layout, seekable=seekable)
    got = decoded_in([data], "opus", SPEECH_RATE_HZ)
    assert len(got) / SPEECH_RATE_HZ == pytest.approx(1.0, abs=0.06)
    expected = sound(-0.2, 0.5, -0.3)
    middle = slice(3_500, 11_000)
    assert np.corrcoef(got[middle], expected[middle])[0, 1] > 0.99


@pytest.mark.parametrize("container", CONTAINERS)
def test_it_gives_sound_while_the_recording_still_goes_on(container: str) -> None:
    data = recorded(sound(*[0.5] * 8, rate_hz=RATE_HZ), container)
    decoder = build_decoder("opus", SPEECH_RATE_HZ)
    decoder.decode(data[: len(data) // 2])
    assert 1.0 < decoder.audio_seconds < 3.0


@pytest.mark.parametrize("container", ["webm", "ogg"])
def test_it_hears_a_second_recording_on_the_same_stream(container: str) -> None:
    data = recorded(SPEECH, container)
    got = decoded_in([data, data], "webm", SPEECH_RATE_HZ)
    assert len(got) / SPEECH_RATE_HZ == pytest.approx(2.0, abs=0.12)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "neither WebM, Ogg nor MP4"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "neither WebM, Ogg nor MP4"),
        (b"#EXTM3U\nhttp://127.0.0.1/x", "neither WebM, Ogg nor MP4"),
        (b"\x89PNG\r\n\x1a\n", "neither WebM, Ogg nor MP4"),
        (
            recorded(SPEECH, "ogg", "vorbis", strict="experimental", layout="stereo"),
            "contains no Opus",
        ),
        (
            recorded(
                SPEECH, "matroska", "vorbis", strict="experimental", layout="stereo"
            ),
            "holds A_VORBIS",
        ),
        (recorded(SPEECH, "webm")[:4] + b"\x00" * 400, "damaged"),
        (b"OggS" + b"\x7f" * 600_000, "damaged"),
    ],
    ids=[
        "wav",
        "sdp",
        "playlist",
        "png",
        "vorbis",
        "mka-vorbis",
        "zeros",
        "ogg-rubbish",
    ],
)
def test_it_refuses_what_is_not_opus(data: bytes, said: str) -> None:
    with pytest.raises(UnsupportedAudio, match=said) as caught:
        decoded_in([data], "opus", SPEECH_RATE_HZ)
    assert caught.value.field == "encoding"


def test_it_refuses_more_sound_than_the_bytes_can_hold() -> None:
    # A page of 255 packets, one byte each, that claim 60 ms of silence.
    empty = bytes([3 << 3])
    stream = ContainerStream()
    stream.push(ogg_page(recorded(SPEECH, "ogg")[28:47], first=True))
    with pytest.raises(UnsupportedAudio, match="more audio than"):
        for _ in range(500):
            stream.push(ogg_page(*[empty] * 255))


def ogg_page(*packets: bytes, first: bool = False) -> bytes:
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, 2 * first, 0, 7, 0, 0, len(packets))
    return head + bytes(map(len, packets)) + b"".join(packets)


@pytest.mark.parametrize("container", CONTAINERS)
@settings(max_examples=60, deadline=None)
@given(wounds=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=40))
def test_it_survives_damage(container: str, wounds: list[Any]) -> None:
    data = bytearray(_SHORT[container])
    for place, value in wounds:
        data[int(place * (len(data) - 1))] = value
    try:
        got = decoded_in(split(bytes(data), 0), "opus", SPEECH_RATE_HZ)
    except UnsupportedAudio:
        return
    assert len(got) <= SPEECH_RATE_HZ
    assert np.isfinite(got).all()
    assert rms(got) <= 1.0


_SHORT = {name: recorded(SPEECH[: RATE_HZ // 2], name) for name in CONTAINERS}
