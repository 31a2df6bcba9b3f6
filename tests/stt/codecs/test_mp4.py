"""MP4 as Safari records it becomes samples while it arrives."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from common.audio import SPEECH_RATE_HZ, Audio, Samples
from common.errors import UnsupportedAudio
from stt_app.core.codecs.decoders import ContainerDecoder
from stt_app.core.codecs.mp4 import Mp4Demuxer
from tests.stt.recordings import recorded
from tests.stt.sounds import sound

RATE_HZ = 48_000
SPEECH = sound(-0.2, 0.5, -0.3, rate_hz=RATE_HZ)
PRIMING_SECONDS = 1_024 / RATE_HZ


def heard(data: bytes, frame_bytes: int = 700) -> Samples:
    decoder = ContainerDecoder()
    frames = range(0, len(data), frame_bytes)
    parts = [decoder.decode(data[at : at + frame_bytes]) for at in frames]
    return np.concatenate([*parts, decoder.flush()])


@pytest.mark.parametrize("codec", ["aac", "libopus"])
@pytest.mark.parametrize("seekable", [False, True], ids=["fragments", "index last"])
@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_it_hears_what_was_recorded(
    codec: str, seekable: bool, rate_hz: int, layout: str
) -> None:
    rate_hz = RATE_HZ if codec == "libopus" else rate_hz
    speech = Audio(SPEECH, RATE_HZ).resampled(rate_hz).samples
    data = recorded(
        speech, "mp4", codec, rate_hz=rate_hz, layout=layout, seekable=seekable
    )
    got = heard(data)
    assert len(got) / SPEECH_RATE_HZ == pytest.approx(1.03, abs=0.05)
    expected = sound(-0.2, 0.5, -0.3)
    late = 0 if codec == "libopus" else round(1_024 / rate_hz * SPEECH_RATE_HZ)
    middle = np.arange(3_500, 11_000)
    assert np.corrcoef(got[middle + late], expected[middle])[0, 1] > 0.99


def test_a_fragment_is_heard_as_soon_as_it_has_come() -> None:
    data = recorded(sound(*[0.5] * 8, rate_hz=RATE_HZ), "mp4", "aac")
    decoder = ContainerDecoder()
    seen = []
    for at in range(0, len(data), 1_000):
        decoder.decode(data[at : at + 1_000])
        seen.append(decoder.audio_seconds / (at + 1_000) * len(data))
    # Half a second: that of a fragment, and of the bytes of its index.
    assert min(seen[4:]) == pytest.approx(4.0, abs=0.8)


def test_a_second_recording_may_follow() -> None:
    data = recorded(SPEECH, "mp4", "aac")
    assert len(heard(data + data)) == pytest.approx(2 * len(heard(data)), abs=2)


def test_it_refuses_an_index_that_comes_too_late() -> None:
    start = struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0)
    media = struct.pack(">I4s", 1 << 30, b"mdat") + bytes(4_100_000)
    with pytest.raises(UnsupportedAudio, match="time slice"):
        Mp4Demuxer().push(start + media)


@pytest.mark.parametrize("kind", [b"moov", b"moof"])
def test_it_refuses_an_index_without_end(kind: bytes) -> None:
    with pytest.raises(UnsupportedAudio, match="damaged"):
        Mp4Demuxer().push(struct.pack(">I4s", 1 << 31, kind) + bytes(100))


def test_it_names_what_a_file_without_a_usable_track_holds() -> None:
    data = recorded(SPEECH, "mp4", "libmp3lame", seekable=True)
    # FFmpeg writes MP3 as `mp4a` with another number for its codec.
    with pytest.raises(UnsupportedAudio, match="neither AAC-LC"):
        heard(data)
    with pytest.raises(UnsupportedAudio, match="holds alac"):
        heard(recorded(SPEECH, "mp4", "alac", seekable=True))


def test_it_forgets_what_it_has_given() -> None:
    demuxer = Mp4Demuxer()
    data = recorded(sound(*[0.5] * 8, rate_hz=RATE_HZ), "mp4", "aac")
    for at in range(0, len(data), 500):
        demuxer.push(data[at : at + 500])
        assert len(demuxer._buffer) < 8_000
