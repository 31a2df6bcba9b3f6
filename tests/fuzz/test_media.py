"""Damaged files and streams become finite samples or are refused, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from common.errors import UnsupportedAudio
from stt_app.core.codecs.decoders import ENCODINGS, Encoding, build_decoder
from stt_app.core.files.media_formats import sniffed_format
from stt_app.core.files.media_reader import MediaReader
from stt_app.core.files.short_wav import read_short_wav
from tests.fuzz.profiles import examples
from tests.fuzz.strategies import cut, damaged
from tests.stt.recordings import RATE_HZ, recorded
from tests.stt.sounds import sound

MOST_SAMPLES = 20 * 16_000
FILES = {
    "wav": ("wav", "pcm_s16le"),
    "flac": ("flac", "flac"),
    "ogg": ("ogg", "libopus"),
    "mp3": ("mp3", "libmp3lame"),
    "webm": ("webm", "libopus"),
    "mp4": ("mp4", "aac"),
}
STREAMS: dict[Encoding, tuple[str, str]] = {
    "opus": ("ogg", "libopus"),
    "webm": ("webm", "libopus"),
    "mp4": ("mp4", "aac"),
}
HEADS = [b"RIFF\0\0\0\0WAVEfmt ", b"fLaC", b"OggS\0\x02", b"ID3\x04\0\0", b"\xff\xfb"]
HEADS += [b"\x1a\x45\xdf\xa3", b"\0\0\0\x18ftypmp42", b"FORM", b".snd", b"caff", b""]


@cache
def written(container: str, codec: str, *, seekable: bool) -> bytes:
    speech = sound(-0.05, 0.2, -0.05, rate_hz=RATE_HZ)
    return recorded(speech, container, codec, seekable=seekable)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_read_or_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file"

    @examples(40)
    @given(damaged(written(*FILES[name], seekable=True)))
    def read_or_refused(data: bytes) -> None:
        path.write_bytes(data)
        try:
            reader = MediaReader(path)
        except UnsupportedAudio:
            return
        try:
            samples = reader.read(MOST_SAMPLES)
        except UnsupportedAudio:
            return
        finally:
            reader.close()
        assert np.isfinite(samples).all()
        assert len(samples) <= MOST_SAMPLES

    read_or_refused()


@examples(150)
@given(st.sampled_from(HEADS), st.binary(max_size=200))
def test_any_beginning_of_a_file_is_known_or_not(head: bytes, rest: bytes) -> None:
    try:
        assert sniffed_format(head + rest).isalnum()
    except UnsupportedAudio as error:
        assert error.message.endswith(".")


def test_a_damaged_short_wav_is_read_or_left_to_ffmpeg(tmp_path: Path) -> None:
    path = tmp_path / "file"

    @examples(100)
    @given(damaged(written("wav", "pcm_s16le", seekable=True)))
    def read_or_left(data: bytes) -> None:
        path.write_bytes(data)
        samples = read_short_wav(path)
        assert samples is None or np.isfinite(samples).all()

    read_or_left()


def decoded(pieces: list[bytes], encoding: Encoding) -> Iterator[np.ndarray]:
    decoder = build_decoder(encoding, 16_000)
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.flush()


@pytest.mark.parametrize("encoding", STREAMS)
def test_a_damaged_stream_is_decoded_or_refused(encoding: Encoding) -> None:
    @examples(40)
    @given(damaged(written(*STREAMS[encoding], seekable=False)).flatmap(cut))
    def decoded_or_refused(pieces: list[bytes]) -> None:
        try:
            parts = list(decoded(pieces, encoding))
        except UnsupportedAudio:
            return
        assert all(np.isfinite(part).all() for part in parts)

    decoded_or_refused()


@pytest.mark.parametrize("encoding", [e for e in ENCODINGS if e not in STREAMS])
def test_any_split_gives_the_same_samples(encoding: Encoding) -> None:
    data = np.random.default_rng(3).bytes(4_001)

    @examples(40)
    @given(cut(data))
    def the_same(pieces: list[bytes]) -> None:
        whole = np.concatenate(list(decoded([data], encoding)))
        parts = np.concatenate(list(decoded(pieces, encoding)))
        assert np.array_equal(whole, parts)

    the_same()


@pytest.mark.parametrize("encoding", STREAMS)
def test_any_split_of_a_container_gives_the_same_samples(encoding: Encoding) -> None:
    data = written(*STREAMS[encoding], seekable=False)

    @examples(15)
    @given(cut(data))
    def the_same(pieces: list[bytes]) -> None:
        whole = np.concatenate(list(decoded([data], encoding)))
        parts = np.concatenate(list(decoded(pieces, encoding)))
        assert np.array_equal(whole, parts)

    the_same()
