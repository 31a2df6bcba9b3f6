"""The animated picture of the README."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
from av import VideoFrame

from common.config import project_dir
from docs.pictures.animation import (
    Shot,
    changes,
    write_webp,
)
from docs.pictures.record import MOST_BYTES


def png(shade: int) -> bytes:
    """A grey picture."""
    frame = VideoFrame.from_ndarray(
        np.full((32, 48, 3), shade, np.uint8), format="rgb24"
    )
    file = io.BytesIO()
    with av.open(file, "w", format="image2pipe") as container:
        stream = container.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "rgb24"
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def test_it_keeps_what_changes() -> None:
    shots = [Shot(b"a", 0.0), Shot(b"a", 0.1), Shot(b"b", 0.2), Shot(b"a", 0.3)]
    assert [shot.at_seconds for shot in changes(shots)] == [0.0, 0.2, 0.3]


def test_it_writes_an_endless_animation(tmp_path: Path) -> None:
    path = tmp_path / "picture.webp"
    write_webp([Shot(png(0), 5.0), Shot(png(200), 5.4)], path, quality=75)
    data = path.read_bytes()
    loops = data[data.index(b"ANIM") + 12 :][:2]
    assert data[:4] == b"RIFF" and data.count(b"ANMF") >= 2
    assert int.from_bytes(loops, "little") == 0


def test_the_pictures_are_small_enough_for_a_page() -> None:
    pictures = list((project_dir() / "docs" / "images").iterdir())
    assert pictures
    assert [each.name for each in pictures if each.stat().st_size > MOST_BYTES] == []
