"""Decodes the packets of one Opus or AAC stream to mono samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from common.audio import Audio, ChannelMixer, Samples
from common.errors import UnsupportedAudio
from stt_app.core.codecs.opus_packets import packet_samples
from stt_app.core.codecs.packets import MOST_PACKET_BYTES, Head, Packet

OPUS_RATE_HZ = 48_000
_LOWEST_HZ, _HIGHEST_HZ = 7_350, 96_000
"""The rates of AAC."""
_AAC_SAMPLES = 1_024
_MOST_CHANNELS = 8
_MOST_DAMAGED = 50


class PacketDecoder:
    """Packets to mono samples, without the padding that an Opus head announces."""

    def __init__(self, head: Head) -> None:
        import av

        self._av = av
        self._head = head
        self._codec: Any = av.CodecContext.create(head.codec, "r")
        self._codec.extradata = head.data
        self._mixer: ChannelMixer | None = None
        self._form = (0, 0)
        self._damaged = 0

    def declared_seconds(self, packet: Packet) -> float:
        """How long the packet says it is, before it is decoded."""
        if self._head.codec == "opus":
            return packet_samples(packet) / OPUS_RATE_HZ
        return _AAC_SAMPLES / max(self._form[0], _LOWEST_HZ)

    def decode(self, packet: Packet) -> Audio | None:
        """Its audio; None for a damaged packet.

        Raises UnsupportedAudio when too many in a row are damaged.
        """
        if not self._is_plausible(packet):
            self._refuse()
            return None
        try:
            frames = self._codec.decode(self._av.Packet(packet))
            pieces = [self._mono(frame) for frame in frames]
        except (self._av.FFmpegError, ValueError):
            self._refuse()
            return None
        self._damaged = 0
        if not pieces:
            return None
        samples = np.concatenate(pieces)
        # A damaged packet may decode to anything.
        return Audio(np.clip(np.nan_to_num(samples), -1.0, 1.0), self._form[0])

    def _is_plausible(self, packet: Packet) -> bool:
        if self._head.codec == "opus":
            return packet_samples(packet) > 0
        return 0 < len(packet) <= MOST_PACKET_BYTES

    def _mono(self, frame: Any) -> Samples:
        """Raises ValueError for a form that no browser records."""
        planes = frame.to_ndarray()
        form = (frame.sample_rate, len(planes))
        if self._mixer is None or form != self._form:
            rate_hz, channels = form
            if not (
                _LOWEST_HZ <= rate_hz <= _HIGHEST_HZ and channels <= _MOST_CHANNELS
            ):
                raise ValueError(f"{rate_hz} Hz and {channels} channels")
            self._form, self._mixer = form, ChannelMixer(channels, rate_hz)
        return self._mixer.push(planes.T)

    def _refuse(self) -> None:
        self._damaged += 1
        if self._damaged > _MOST_DAMAGED:
            raise UnsupportedAudio(
                f"{_MOST_DAMAGED} packets in a row are damaged.", field="encoding"
            )
