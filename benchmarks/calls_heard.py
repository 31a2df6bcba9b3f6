"""What lost packets of a call do to its transcript."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from aiortc.codecs.opus import OpusDecoder, OpusEncoder
from aiortc.jitterbuffer import JitterFrame
from av import AudioFrame

from benchmarks.corpus import LEFT_OUT, error_percent, samples_of, short_english
from benchmarks.flags import Flags
from benchmarks.offline import Offline
from benchmarks.report import table
from common.audio import (
    SPEECH_RATE_HZ,
    Resampler,
    Samples,
    float_to_pcm16,
    pcm16_to_float,
)
from compat_app.realtime.calls.media.hearing import GapFiller
from compat_app.realtime.calls.playback import FRAME_SAMPLES, RATE_HZ

GAP_SECONDS = (1.0, 2.0)
Loses = Callable[[float], bool]
"""Whether the packet at this second is lost."""


def run(flags: Flags) -> str:
    """Word errors without loss, at 10 and 30 %, and with a second missing."""
    clips = short_english(flags, "clean")
    if not clips:
        return LEFT_OUT.format(name="calls_heard")
    rows = []
    for name in flags.models:
        model = Offline(name)
        for title, loses in _losses().items():
            texts = [model.text(_over_call(samples_of(clip), loses)) for clip in clips]
            rows.append([name, title, f"{error_percent(clips, texts):.1f} %"])
    return table("Lost packets of a call", ["model", "lost", "word errors"], rows)


def _losses() -> dict[str, Loses]:
    dice = np.random.default_rng(1)
    begin, end = GAP_SECONDS
    return {
        "nothing": lambda _: False,
        "10 % at random": lambda _: bool(dice.random() < 0.1),
        "30 % at random": lambda _: bool(dice.random() < 0.3),
        "the second second": lambda seconds: begin <= seconds < end,
    }


def _over_call(samples: Samples, loses: Loses) -> Samples:
    """As the server hears them, at 16 kHz."""
    filler, decoder, pcm = GapFiller(), OpusDecoder(), bytearray()
    for data, timestamp in _packets(samples):
        if loses(timestamp / RATE_HZ):
            continue
        for frame in decoder.decode(JitterFrame(data=data, timestamp=timestamp)):
            if isinstance(frame, AudioFrame):
                pcm += filler.mono(frame)
    heard = pcm16_to_float(bytes(pcm))
    return Resampler(RATE_HZ, SPEECH_RATE_HZ).push(heard, last=True)


def _packets(samples: Samples) -> Iterator[tuple[bytes, int]]:
    """Opus packets with their timestamps."""
    encoder = OpusEncoder()
    wide = Resampler(SPEECH_RATE_HZ, RATE_HZ).push(samples, last=True)
    whole = np.concatenate([wide, np.zeros(-len(wide) % FRAME_SAMPLES, np.float32)])
    pcm = np.frombuffer(float_to_pcm16(whole), np.int16)
    sent = 0
    for number, frame_pcm in enumerate(pcm.reshape(-1, FRAME_SAMPLES)):
        frame = AudioFrame.from_ndarray(frame_pcm[np.newaxis], "s16", "mono")
        frame.sample_rate, frame.pts = RATE_HZ, number * FRAME_SAMPLES
        for data in encoder.encode(frame)[0]:
            yield data, sent * FRAME_SAMPLES
            sent += 1
