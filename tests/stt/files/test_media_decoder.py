"""Files of every kind become samples; hostile ones become an error, and nothing else."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import struct
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from common.audio import SPEECH_RATE_HZ, Audio, Samples, wav_bytes
from common.errors import Overloaded, TooLarge, UnsupportedAudio, VoiceError
from stt_app.core.files.media_decoder import MediaDecoder
from stt_app.core.files.media_formats import sniffed_format
from stt_app.core.files.media_reader import MediaReader
from stt_app.core.files.media_worker import MediaWorker, Portion, ReadMedia
from tests.stt.recordings import recorded
from tests.stt.sounds import sound
from tests.waiting import until

RATE_HZ = 48_000
SPEECH = sound(-0.2, 0.6, -0.2, rate_hz=RATE_HZ)
FORMS = [
    ("wav", "pcm_s16le"),
    ("wav", "pcm_u8"),
    ("wav", "pcm_s24le"),
    ("wav", "pcm_s32le"),
    ("wav", "pcm_f32le"),
    ("w64", "pcm_s16le"),
    ("aiff", "pcm_s16be"),
    ("au", "pcm_s16be"),
    ("caf", "pcm_s16be"),
    ("flac", "flac"),
    ("ogg", "flac"),
    ("ogg", "libopus"),
    ("webm", "libopus"),
    ("matroska", "pcm_s16le"),
    ("mp3", "libmp3lame"),
    ("adts", "aac"),
    ("mp4", "aac"),
    ("mov", "alac"),
    ("avi", "libmp3lame"),
    ("mpegts", "aac"),
    ("asf", "wmav2"),
    ("flv", "aac"),
]


@pytest.fixture(scope="module")
def media(_engine_loop: Any) -> Iterator[MediaDecoder]:
    decoder = MediaDecoder(3_600, timeout_seconds=20)
    yield decoder
    _engine_loop.run_until_complete(decoder.stop())


def read(path: Path) -> Samples:
    reader = MediaReader(path)
    try:
        return reader.read(1 << 30)
    finally:
        reader.close()


def written(folder: Path, data: bytes, name: str = "file.bin") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("container", "codec"), FORMS)
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_it_reads_every_usual_file(
    container: str, codec: str, layout: str, tmp_path: Path
) -> None:
    rate = 44_100 if container in ("flv", "avi", "asf") else RATE_HZ
    speech = Audio(SPEECH, RATE_HZ).resampled(rate).samples
    data = recorded(
        speech, container, codec, rate_hz=rate, layout=layout, seekable=True
    )
    samples = read(written(tmp_path, data))
    assert len(samples) / SPEECH_RATE_HZ == pytest.approx(1.0, abs=0.12)
    spectrum = np.abs(np.fft.rfft(samples[4_000:12_000]))
    assert np.argmax(spectrum) * 2 == pytest.approx(220, abs=4)
    # FFmpeg halves the power of each of two channels when it makes them of one.
    loudest = 0.3 if layout == "mono" else 0.3 / 2**0.5
    assert np.abs(samples).max() == pytest.approx(loudest, abs=0.08)


def test_it_reads_in_portions_what_it_reads_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, recorded(SPEECH, "mp3", "libmp3lame"))
    whole, reader, parts = read(path), MediaReader(path), []
    while len(part := reader.read(1_000)):
        parts.append(part)
    reader.close()
    assert np.array_equal(np.concatenate(parts), whole)


def test_it_says_how_long_a_file_is(tmp_path: Path) -> None:
    data = recorded(SPEECH, "mp4", "aac", seekable=True)
    reader = MediaReader(written(tmp_path, data))
    assert reader.duration_seconds == pytest.approx(1.0, abs=0.1)
    reader.close()


def wav(rate_hz: int, channels: int, size: int | None = None) -> bytes:
    """A header that may lie, and a second of silence."""
    body = bytes(32_000)
    bytes_a_second = min(rate_hz * channels * 2, 2**32 - 1)
    block = min(channels * 2, 65_535)
    return (
        struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            *(b"RIFF", len(body) + 36, b"WAVE", b"fmt ", 16, 1, channels),
            *(rate_hz, bytes_a_second, block, 16, b"data", size or len(body)),
        )
        + body
    )


HOSTILE = {
    "nothing": b"",
    "one byte": b"R",
    "text": b"hello world, this is no sound at all " * 50,
    "sdp": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\n"
    b"t=0 0\r\nm=audio 5004 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n",
    "playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1/a\n",
    "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(500),
    "zip": b"PK\x03\x04" + bytes(500),
    "1 Hz": wav(1, 1),
    "4 GHz": wav(4_000_000_000, 1),
    "0 Hz": wav(0, 1),
    "0 channels": wav(16_000, 0),
    "65535 channels": wav(16_000, 65_535),
    "wav head alone": wav(16_000, 1)[:44],
    "ogg rubbish": b"OggS" + bytes(range(256)) * 20,
    "matroska rubbish": b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 20,
    "mp4 rubbish": b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 20,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_it_refuses_what_is_no_sound(
    media: MediaDecoder, _engine_loop: Any, data: bytes, tmp_path: Path
) -> None:
    path = written(tmp_path, data)
    began = time.monotonic()
    with pytest.raises(UnsupportedAudio):
        _engine_loop.run_until_complete(collected(media.portions(path)))
    assert time.monotonic() - began < 25, "the decoder gives up after 30"


async def collected(portions: AsyncIterator[Portion]) -> list[Portion]:
    return [portion async for portion in portions]


@pytest.mark.parametrize("size", [0xFFFFFFFF, 36_000 * 32_000])
def test_it_reads_what_is_there_when_the_header_claims_hours(
    size: int, tmp_path: Path
) -> None:
    samples = read(written(tmp_path, wav(16_000, 1, size)))
    assert len(samples) == SPEECH_RATE_HZ


@pytest.mark.parametrize(("container", "codec"), [*FORMS[9:17]])
def test_it_survives_damage(container: str, codec: str, tmp_path: Path) -> None:
    good = recorded(SPEECH, container, codec, seekable=True)
    chance = random.Random(1)
    for _ in range(12):
        data = bytearray(good[: chance.randrange(len(good) // 4, len(good))])
        for _ in range(len(data) // 100):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            samples = read(written(tmp_path, bytes(data)))
        except UnsupportedAudio:
            continue
        assert np.isfinite(samples).all()
        assert len(samples) < 20 * SPEECH_RATE_HZ


async def test_it_stops_at_the_longest_sound_that_a_file_may_hold(
    tmp_path: Path,
) -> None:
    silence = np.zeros(300 * RATE_HZ, np.float32)
    path = written(tmp_path, recorded(silence, "flac", "flac", seekable=True))
    assert path.stat().st_size < 300_000
    decoder = MediaDecoder(60)
    try:
        seconds = 0.0
        with pytest.raises(TooLarge, match="more than 60 s"):
            async for portion in decoder.portions(path):
                seconds += len(portion.samples) / SPEECH_RATE_HZ
        assert seconds == 60
    finally:
        await decoder.stop()


async def test_it_goes_on_in_the_middle(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 100 * SPEECH_RATE_HZ)
    audio = Audio(samples.astype(np.float32), SPEECH_RATE_HZ)
    path = written(tmp_path, wav_bytes(audio))
    decoder = MediaDecoder(120)
    try:
        found = await collected(decoder.portions(path, 87.5))
    finally:
        await decoder.stop()
    assert found[0].start == 87.5 * SPEECH_RATE_HZ
    rest = np.concatenate([portion.samples for portion in found])
    assert np.allclose(rest, audio.samples[int(87.5 * SPEECH_RATE_HZ) :], atol=1e-4)
    assert [portion.last for portion in found] == [False, True]


LONG_SECONDS = 900

# A decoder that breaks


class Breaking(MediaWorker):
    """What the path names is what goes wrong."""

    def handle(self, request: ReadMedia) -> Iterator[Portion]:
        if request.path.name == "crash":
            os.abort()
        if request.path.name == "hang":
            time.sleep(60)
        if request.path.name == "eat":
            bytearray(8 << 30)
        return super().handle(request)


@pytest.mark.parametrize(
    ("name", "said", "timeout_seconds"),
    [("crash", "died", 60), ("hang", "takes too long", 3), ("eat", "MemoryError", 60)],
)
async def test_it_outlives_a_decoder_that_breaks(
    name: str, said: str, timeout_seconds: float, tmp_path: Path
) -> None:
    decoder = MediaDecoder(
        60, timeout_seconds=timeout_seconds, worker=f"{__name__}:Breaking"
    )
    try:
        with pytest.raises(VoiceError, match=said):
            await collected(decoder.portions(written(tmp_path, b"x", name)))
        good = written(tmp_path, recorded(SPEECH, "mp3", "libmp3lame"))
        (portion,) = await collected(decoder.portions(good))
        assert len(portion.samples) > 15_000
    finally:
        await decoder.stop()


async def test_a_file_that_hangs_holds_up_no_other(tmp_path: Path) -> None:
    decoder = MediaDecoder(60, processes=2, worker=f"{__name__}:Breaking")
    good = written(tmp_path, recorded(SPEECH, "mp3", "libmp3lame"))
    try:
        hanging = asyncio.create_task(
            collected(decoder.portions(written(tmp_path, b"x", "hang")))
        )
        await until(lambda: len(decoder._at_work) == 1)
        for _ in range(3):
            (portion,) = await collected(decoder.portions(good))
            assert len(portion.samples) > 15_000
        slow = decoder.portions(good)
        await anext(slow)
        assert not hanging.done()
        hanging.cancel()
        await asyncio.gather(hanging, return_exceptions=True)
        assert [portion async for portion in slow] == [], "it was not cut short"
    finally:
        await decoder.stop()


async def test_more_files_wait_for_a_process_and_too_many_are_refused(
    tmp_path: Path,
) -> None:
    decoder = MediaDecoder(60, isolation="thread", processes=1, queue_limit=1)
    path = written(tmp_path, recorded(SPEECH, "mp3", "libmp3lame"))
    try:
        first = decoder.portions(path)
        await anext(first)
        second = asyncio.create_task(collected(decoder.portions(path)))
        await until(lambda: decoder._waiting == 1)
        with pytest.raises(Overloaded) as refused:
            await collected(decoder.portions(path))
        assert refused.value.retry_after_seconds
        assert not second.done()
        assert [portion async for portion in first] == []
        assert len(await second) == 1
    finally:
        await decoder.stop()


async def test_a_file_that_is_not_there_is_an_error_of_the_system(
    tmp_path: Path,
) -> None:
    decoder = MediaDecoder(60, isolation="thread")
    with pytest.raises(FileNotFoundError):
        await collected(decoder.portions(tmp_path / "missing.wav"))
    await decoder.stop()


async def test_a_file_that_is_given_up_leaves_its_place_to_the_next(
    tmp_path: Path,
) -> None:
    decoder = MediaDecoder(60, processes=1, worker=f"{__name__}:Breaking")
    good = written(tmp_path, recorded(SPEECH, "mp3", "libmp3lame"))
    try:
        hanging = asyncio.create_task(
            collected(decoder.portions(written(tmp_path, b"x", "hang")))
        )
        await until(lambda: len(decoder._at_work) == 1)
        hanging.cancel()
        await asyncio.gather(hanging, return_exceptions=True)
        assert len(await asyncio.wait_for(collected(decoder.portions(good)), 60)) == 1
    finally:
        await decoder.stop()


def test_it_opens_no_socket_for_a_file_that_names_one(tmp_path: Path) -> None:
    before = len(psutil.Process().net_connections())
    with pytest.raises(UnsupportedAudio):
        read(written(tmp_path, HOSTILE["sdp"], "call.wav"))
    assert len(psutil.Process().net_connections()) == before


def test_it_needs_little_memory_for_a_long_file(tmp_path: Path) -> None:
    silence = np.zeros(LONG_SECONDS * SPEECH_RATE_HZ, np.float32)
    data = recorded(silence, "flac", "flac", rate_hz=SPEECH_RATE_HZ, seekable=True)
    del silence
    reader = MediaReader(written(tmp_path, data))
    before = psutil.Process().memory_info().rss
    seconds = 0.0
    while len(part := reader.read(10 * SPEECH_RATE_HZ)):
        seconds += len(part) / SPEECH_RATE_HZ
    reader.close()
    assert seconds == pytest.approx(LONG_SECONDS, abs=1)
    # All of its samples would take 58 MB.
    assert psutil.Process().memory_info().rss - before < 25e6


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\xff\xfb\x90\x00", "mp3"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x04TAGS\xff\xfb\x90\x00", "mp3"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x04TAGSfLaC", "flac"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x04TAGS\xff\xf1\x50\x80", "aac"),
        (b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f", "mp3"),
        (b"\x47" + bytes(187) + b"\x47", "mpegts"),
    ],
)
def test_it_knows_files_without_a_name_at_the_start(start: bytes, name: str) -> None:
    assert sniffed_format(start) == name


def test_it_leaves_the_memory_limit_of_this_process_alone() -> None:
    MediaWorker().load()
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY
