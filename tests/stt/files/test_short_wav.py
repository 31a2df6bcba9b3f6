"""Short WAV files are read without FFmpeg, with the same result; others are left to it."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from common.audio import Audio, wav_bytes
from common.errors import TooLarge, UnsupportedAudio
from stt_app.core.files.media_decoder import MediaDecoder
from stt_app.core.files.media_reader import MediaReader
from stt_app.core.files.media_worker import Portion
from stt_app.core.files.short_wav import MOST_BYTES, read_short_wav
from tests.stt.recordings import recorded
from tests.stt.sounds import sound

NO_WORKER = "tests.nowhere:NoWorker"


def written(folder: Path, data: bytes) -> Path:
    path = folder / "clip"
    path.write_bytes(data)
    return path


async def portions(path: Path, start: float = 0.0, most: float = 60) -> list[Portion]:
    """Those of a decoder that cannot start a process."""
    decoder = MediaDecoder(most, isolation="thread", worker=NO_WORKER)
    return [each async for each in decoder.portions(path, start)]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 48_000])
async def test_it_reads_what_ffmpeg_reads(tmp_path: Path, rate_hz: int) -> None:
    samples = sound(-0.2, 0.6, -0.2, rate_hz=rate_hz)
    path = written(tmp_path, wav_bytes(Audio(samples, rate_hz)))
    (portion,) = await portions(path)
    reader = MediaReader(path)
    expected = reader.read(1 << 20)
    reader.close()
    assert portion.last
    assert portion.duration_seconds == pytest.approx(1.0)
    assert abs(len(portion.samples) - len(expected)) < 20
    inner = slice(4_000, 12_000)
    difference = portion.samples[inner] - expected[inner]
    assert np.abs(difference).max() < 0.01


async def test_it_begins_where_it_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, wav_bytes(Audio(sound(-1, 1), 16_000)))
    (portion,) = await portions(path, 1.5)
    assert (portion.start, len(portion.samples)) == (24_000, 8_000)


async def test_it_keeps_to_the_longest_recording(tmp_path: Path) -> None:
    path = written(tmp_path, wav_bytes(Audio(sound(3), 16_000)))
    with pytest.raises(TooLarge, match="file_max_seconds"):
        await portions(path, most=2)


WAV = wav_bytes(Audio(sound(0.5), 16_000))
OTHERS = {
    "nothing": b"",
    "a text": b"no sound",
    "no samples": wav_bytes(Audio(sound(), 16_000)),
    "one hertz": WAV[:24] + struct.pack("<I", 1) + WAV[28:],
    "a megahertz": WAV[:24] + struct.pack("<I", 1_000_000) + WAV[28:],
    "no channels": WAV[:22] + struct.pack("<H", 0) + WAV[24:],
    "a format chunk longer than the file says": WAV[:16] + b"\x7f" + WAV[17:],
    "cut off in its header": WAV[:30],
    "24 bits": recorded(sound(0.5, rate_hz=48_000), "wav", "pcm_s24le", seekable=True),
    "stereo": recorded(
        sound(0.5, rate_hz=48_000), "wav", "pcm_s16le", layout="stereo", seekable=True
    ),
    "a megabyte too much": WAV + bytes(MOST_BYTES),
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
def test_it_leaves_everything_else_to_ffmpeg(tmp_path: Path, data: bytes) -> None:
    assert read_short_wav(written(tmp_path, data)) is None


@pytest.mark.parametrize("end", range(44, 60))
def test_it_reads_a_file_that_is_cut_off_or_leaves_it(tmp_path: Path, end: int) -> None:
    found = read_short_wav(written(tmp_path, WAV[:end]))
    assert found is None or len(found) == (end - 44) // 2


async def test_it_says_that_a_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await portions(tmp_path / "nowhere.wav")


async def test_a_file_without_sound_is_refused_as_ever(tmp_path: Path) -> None:
    decoder = MediaDecoder(60, isolation="thread")
    with pytest.raises(UnsupportedAudio):
        async for _ in decoder.portions(written(tmp_path, OTHERS["no samples"])):
            pass
    await decoder.stop()
