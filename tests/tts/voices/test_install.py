"""A new voice's files come to their place whole, whatever lies there."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.models.checksums import kept_checksums
from common.models.files import VoiceFiles
from tts_app.core.voices.install import keep


@pytest.fixture
def arrived(tmp_path: Path) -> VoiceFiles:
    folder = tmp_path / "arrived" / "x"
    folder.mkdir(parents=True)
    files = VoiceFiles("x", folder / "x.onnx", folder / "x.onnx.json", "folder")
    for path in (files.onnx, files.config, folder / "MODEL_CARD"):
        path.write_text(path.name)
    return files


def test_it_moves_the_voice_with_its_checksums(
    arrived: VoiceFiles, tmp_path: Path
) -> None:
    target = tmp_path / "voices" / "x"
    keep(arrived, target)
    assert set(kept_checksums(target / "x.onnx")) == {
        "x.onnx",
        "x.onnx.json",
        "MODEL_CARD",
    }
    assert not arrived.onnx.parent.exists()


def test_it_fits_into_a_folder_with_remains_of_an_earlier_try(
    arrived: VoiceFiles, tmp_path: Path
) -> None:
    target = tmp_path / "voices" / "x"
    target.mkdir(parents=True)
    (target / "x.onnx.json").write_text("old")
    (target / ".x.onnx.partial").write_text("a part")
    keep(arrived, target)
    assert (target / "x.onnx").read_text() == "x.onnx"
    assert (target / "x.onnx.json").read_text() == "x.onnx.json"
    assert len(kept_checksums(target / "x.onnx")) == 3
    assert not arrived.onnx.parent.exists()
