"""Screenshots, and the moments they were taken, as one animated WebP."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import PictureType, VideoFrame

MILLISECONDS = Fraction(1, 1000)
LAST_FRAME_SECONDS = 2.5
"""How long the end is shown before the animation starts again."""


@dataclass(frozen=True)
class Shot:
    """A PNG, and when it was on the screen, in seconds."""

    png: bytes
    at_seconds: float


def changes(shots: list[Shot]) -> list[Shot]:
    """The shots that differ from the one before."""
    kept: list[Shot] = []
    for shot in shots:
        if not kept or shot.png != kept[-1].png:
            kept.append(shot)
    return kept


def write_webp(shots: list[Shot], path: Path, quality: int) -> None:
    """An endless animation. `quality` is WebP's, 0 to 100; 100 keeps every pixel."""
    shots = changes(shots)
    with av.open(str(path), "w", format="webp", options={"loop": "0"}) as container:
        first = _frame(shots[0])
        stream = container.add_stream("libwebp_anim", rate=1000)
        stream.width, stream.height = first.width, first.height
        stream.pix_fmt = "bgra" if quality == 100 else "yuv420p"
        stream.time_base = stream.codec_context.time_base = MILLISECONDS
        options = {"lossless": str(int(quality == 100)), "quality": str(quality)}
        stream.codec_context.options = options
        end = Shot(shots[-1].png, shots[-1].at_seconds + LAST_FRAME_SECONDS)
        for shot in [*shots, end]:
            container.mux(stream.encode(_frame(shot)))
        container.mux(stream.encode())


def _frame(shot: Shot) -> VideoFrame:
    with av.open(io.BytesIO(shot.png), "r") as picture:
        frame = next(picture.decode(video=0))
    frame.pts = round(shot.at_seconds / MILLISECONDS)
    frame.time_base = MILLISECONDS
    frame.pict_type = PictureType.NONE
    return frame
