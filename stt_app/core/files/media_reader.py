"""A media file as mono samples at 16 kHz, decoded a portion at a time."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np

from common.audio import SPEECH_RATE_HZ, ChannelMixer, Samples
from common.errors import BadValue, UnsupportedAudio
from stt_app.core.files.media_formats import SNIFFED_BYTES, sniffed_format

LOWEST_HZ, HIGHEST_HZ = 4_000, 192_000
_MOST_CHANNELS = 16
_MOST_DAMAGED = 200
_NOTHING = np.zeros(0, np.float32)
_SILENT_PEAK = 0.002
"""-54 dB of full scale: the noise of a codec, but of no microphone that is on."""
_SEARCHED_SECONDS = 1_800.0
"""How far another track is searched for sound."""


class MediaReader:
    """Reads one audio track from start to end; tracks count from 1.

    Raises UnsupportedAudio for a file that it cannot read, and BadValue for a track
    that it does not have.
    """

    def __init__(self, path: Path, track: int = 1) -> None:
        self._path = path
        self._track = track
        self._peak = 0.0
        self._file = path.open("rb")
        try:
            self._open()
        except Exception:
            self._file.close()
            raise
        self._pieces = self._decoded()
        self._rest = _NOTHING
        self.position = 0
        """Samples returned so far."""

    def _open(self) -> None:
        start = self._file.read(SNIFFED_BYTES)
        self._file.seek(0)
        name = sniffed_format(start)
        try:
            # A file object, so that FFmpeg itself opens no file and no address.
            self._container: Any = av.open(
                self._file, format=name, metadata_errors="ignore"
            )
        except (av.FFmpegError, ValueError, IndexError) as error:
            raise UnsupportedAudio(f"The {name} file is damaged: {error}.") from error
        if not self._container.streams.audio:
            raise UnsupportedAudio(f"The {name} file contains no audio.")
        tracks = len(self._container.streams.audio)
        if self._track > tracks:
            raise BadValue(
                f"The file has {tracks} audio tracks; there is no track {self._track}.",
                field="track",
            )
        self._stream: Any = self._container.streams.audio[self._track - 1]
        _check_header(self._stream.codec_context)
        # One file must not take all cores from the engine.
        self._stream.codec_context.thread_count = 1

    @property
    def duration_seconds(self) -> float | None:
        """From the header, which may be wrong."""
        stream, container = self._stream, self._container
        if stream.duration is not None and stream.time_base is not None:
            return max(0.0, float(stream.duration * stream.time_base))
        if container.duration is not None:
            return max(0.0, float(container.duration) / av.time_base)
        return None

    def read(self, count: int) -> Samples:
        """The next samples: mono float32 at 16 kHz in [-1, 1], shape (count,).

        Fewer than `count` only at the end. Raises UnsupportedAudio when the audio goes on
        at a rate or with channels that are not allowed.
        """
        parts, held = [self._rest], len(self._rest)
        while held < count and (piece := next(self._pieces, None)) is not None:
            parts.append(piece)
            held += len(piece)
        joined = np.concatenate(parts)
        given, self._rest = joined[:count], joined[count:].copy()
        self.position += len(given)
        if len(given):
            self._peak = max(self._peak, float(np.abs(given).max()))
        return given

    def sounding_track(self) -> int | None:
        """Another track that has sound, if what was read of this one has none."""
        if self._peak > _SILENT_PEAK:
            return None
        tracks = range(1, len(self._container.streams.audio) + 1)
        others = (track for track in tracks if track != self._track)
        return next((track for track in others if self._sounds(track)), None)

    def _sounds(self, track: int) -> bool:
        try:
            other = MediaReader(self._path, track)
        except UnsupportedAudio:
            return False
        try:
            while other.position < _SEARCHED_SECONDS * SPEECH_RATE_HZ:
                samples = other.read(SPEECH_RATE_HZ)
                if not len(samples):
                    return False
                if other._peak > _SILENT_PEAK:
                    return True
            return False
        finally:
            other.close()

    def close(self) -> None:
        self._pieces.close()
        self._container.close()
        self._file.close()

    def _decoded(self) -> Generator[Samples, None, None]:
        mixer = _Mixer()
        for frame in self._frames():
            yield from mixer.mix(frame)
        yield from mixer.rest()

    def _frames(self) -> Iterator[Any]:
        """Every frame that can be decoded; a truncated file ends early."""
        packets, damaged = self._container.demux(self._stream), 0
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, ValueError):
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except (av.FFmpegError, ValueError):
                damaged += 1
                if damaged > _MOST_DAMAGED:
                    return
                continue
            if frames:
                damaged = 0
            yield from frames


class _Mixer:
    """Converts frames to one channel and one rate, even if they change within the
    file. Two channels are mixed here, more by FFmpeg's rules for their layout."""

    def __init__(self) -> None:
        self._form: tuple[Any, ...] = ()
        self._resampler: Any = None
        self._channels = ChannelMixer(1, SPEECH_RATE_HZ)

    def mix(self, frame: Any) -> Iterator[Samples]:
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._form:
            yield from self.rest()
            _check_header(frame)
            self._form = form
            layout = "stereo" if frame.layout.nb_channels == 2 else "mono"
            self._channels = ChannelMixer(
                2 if layout == "stereo" else 1, SPEECH_RATE_HZ
            )
            self._resampler = av.AudioResampler("fltp", layout, SPEECH_RATE_HZ)
        # Timestamps of damaged files jump, and the gaps would become silence.
        frame.pts = None
        for mixed in self._resampler.resample(frame):
            yield self._mono(mixed)

    def rest(self) -> Iterator[Samples]:
        resampler, self._resampler = self._resampler, None
        if resampler is not None:
            for mixed in resampler.resample(None):
                yield self._mono(mixed)

    def _mono(self, frame: Any) -> Samples:
        return self._channels.push(_sane(frame.to_ndarray()).T)


def _sane(samples: Samples) -> Samples:
    sane: Samples = np.clip(np.nan_to_num(samples), -1.0, 1.0)
    return sane


def _check_header(form: Any) -> None:
    """Reject headers whose values would need gigabytes to resample."""
    if form is None:
        raise UnsupportedAudio("The audio in the file has an unknown codec.")
    rate, channels = form.sample_rate or 0, form.layout.nb_channels
    if not LOWEST_HZ <= rate <= HIGHEST_HZ:
        raise UnsupportedAudio(
            f"The file declares {rate} Hz; {LOWEST_HZ} to {HIGHEST_HZ} Hz are allowed."
        )
    if not 1 <= channels <= _MOST_CHANNELS:
        raise UnsupportedAudio(
            f"The file declares {channels} channels; 1 to {_MOST_CHANNELS} are allowed."
        )
