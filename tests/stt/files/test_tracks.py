"""The right track and the right mix of a file: nothing that is said in it stays unheard."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from common.audio import SPEECH_RATE_HZ, Samples, rms
from common.config import Config
from common.errors import BadValue
from stt_app.core.files.file_transcriber import FileTranscriber, SilentTrack
from stt_app.core.files.media_decoder import MediaDecoder
from stt_app.core.files.media_reader import MediaReader
from stt_app.core.files.request import FileRequest
from stt_app.core.session.options import Options
from tests.fakes import FakeStt
from tests.stt.recordings import RATE_HZ, mux_pcm16, with_tracks
from tests.stt.sounds import LoudnessVad, sound

SILENCE, SPEECH = (sound(each, rate_hz=RATE_HZ) for each in (-1, 1))


@pytest.fixture(scope="module")
def two_tracks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Silence, and speech."""
    path = tmp_path_factory.mktemp("tracks") / "film.mkv"
    path.write_bytes(with_tracks(SILENCE, SPEECH))
    return path


def loudness(path: Path, track: int) -> float:
    reader = MediaReader(path, track)
    try:
        return rms(reader.read(1 << 30))
    finally:
        reader.close()


def test_it_reads_the_track_that_was_chosen(two_tracks: Path) -> None:
    assert loudness(two_tracks, 1) == 0
    assert loudness(two_tracks, 2) > 0.1


def test_it_says_how_many_tracks_there_are(two_tracks: Path) -> None:
    with pytest.raises(BadValue, match="has 2 audio tracks; there is no track 3") as it:
        MediaReader(two_tracks, 3)
    assert it.value.field == "track"


@pytest.mark.parametrize(
    ("tracks", "read", "expected"),
    [
        ((SILENCE, SPEECH), 1, 2),
        ((SILENCE, SPEECH), 2, None),
        ((SILENCE, SILENCE, SPEECH), 1, 3),
        ((SILENCE, SILENCE), 1, None),
        ((SILENCE,), 1, None),
    ],
)
def test_it_knows_another_track_with_sound(
    tracks: tuple[Samples, ...], read: int, expected: int | None, tmp_path: Path
) -> None:
    path = tmp_path / "film.mkv"
    path.write_bytes(with_tracks(*tracks))
    reader = MediaReader(path, read)
    reader.read(1 << 30)
    assert reader.sounding_track() == expected
    reader.close()


@pytest.mark.parametrize("track", [None, 2])
async def test_a_silent_track_gives_a_hint(two_tracks: Path, track: int | None) -> None:
    engine = FakeStt(["hello"])
    await engine.start()
    media = MediaDecoder(60, isolation="thread")
    files = FileTranscriber(engine, LoudnessVad(), media, Config())
    events = [
        event
        async for event in files.transcribe(
            FileRequest(two_tracks, Options(), track=track)
        )
    ]
    await media.stop()
    hints = [each.hint for each in events if isinstance(each, SilentTrack)]
    if track is None:
        (hint,) = hints
        assert "track 2 has sound" in hint
    else:
        assert hints == []
        assert len(engine.heard) == 1


@pytest.mark.parametrize("container", ["wav", "flac"])
def test_stereo_of_opposite_channels_is_heard(container: str, tmp_path: Path) -> None:
    path = tmp_path / "talk.bin"
    path.write_bytes(_opposite(container))
    reader = MediaReader(path)
    samples = reader.read(1 << 30)
    reader.close()
    middle = samples[SPEECH_RATE_HZ // 4 : SPEECH_RATE_HZ * 3 // 4]
    assert np.abs(middle).max() == pytest.approx(0.3, abs=0.02)


def _opposite(container: str) -> bytes:
    written = io.BytesIO()
    file: Any = av.open(written, "w", format=container)
    stream: Any = file.add_stream(
        "flac" if container == "flac" else "pcm_s16le", RATE_HZ
    )
    stream.codec_context.layout = "stereo"
    mux_pcm16(file, stream, np.stack([SPEECH, -SPEECH], axis=1), "stereo")
    file.close()
    return written.getvalue()
