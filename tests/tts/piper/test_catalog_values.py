"""A voice's configuration cannot make it work without end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from common.models.files import VoiceFiles
from tts_app.core.piper.catalog import UnusableVoice, read_voice

USUAL: dict[str, Any] = {
    "audio": {"sample_rate": 22_050, "quality": "medium"},
    "num_speakers": 1,
    "language": {"code": "en_US"},
    "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
    "phoneme_id_map": {"_": [0], "a": [14]},
}


def files_with(folder: Path, **changes: Any) -> VoiceFiles:
    files = VoiceFiles("x", folder / "x.onnx", folder / "x.onnx.json", "folder")
    files.onnx.write_bytes(b"model")
    files.config.write_text(json.dumps({**USUAL, **changes}))
    return files


def test_a_usual_configuration_is_read(tmp_path: Path) -> None:
    assert read_voice(files_with(tmp_path)).sample_rate == 22_050


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"inference": {"length_scale": 1e9}}, "length_scale"),
        ({"inference": {"length_scale": 0}}, "length_scale"),
        ({"inference": {"noise_scale": float("inf")}}, "noise_scale"),
        ({"inference": {"noise_w": float("nan")}}, "noise_w"),
        ({"inference": [1]}, "missing or wrong"),
        ({"phoneme_id_map": {"a": [10**12]}}, "phoneme_id_map"),
        ({"phoneme_id_map": {"a": [-1]}}, "phoneme_id_map"),
        ({"phoneme_id_map": {"a": ["b"]}}, "phoneme_id_map"),
        ({"phoneme_id_map": [1]}, "missing or wrong"),
        ({"hop_length": 10**9}, "hop_length"),
    ],
    ids=str,
)
def test_one_that_asks_for_too_much_is_not(
    tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(UnusableVoice, match=problem):
        read_voice(files_with(tmp_path, **changes))
