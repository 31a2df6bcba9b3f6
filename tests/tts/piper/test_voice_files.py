"""Which files are usable voices: dialects are read, and broken ones are named."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.config import TtsEngineSettings
from common.models.checksums import keep_checksums
from tests.fake_services import loaded_config
from tests.small_voice import small_voice
from tts_app.core.piper.catalog import Catalog, UnusableVoice
from tts_app.core.piper.loading import BrokenVoice, load_voice
from tts_app.core.piper.voice_config import (
    BadVoiceFile,
    espeak_voices,
    read_voice_config,
)

IDS = {"_": [0], "^": [1], "$": [2], "a": [3]}
GOOD: dict[str, Any] = {
    "audio": {"sample_rate": 22_050, "quality": "low"},
    "espeak": {"voice": "de"},
    "language": {"code": "de_DE"},
    "phoneme_type": "espeak",
    "phoneme_id_map": IDS,
    "num_symbols": 4,
    "num_speakers": 1,
    "speaker_id_map": {},
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """What is read of a configuration with some values changed; None removes one."""

    def read_changed(**changes: Any) -> dict[str, Any]:
        plain = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
        path = tmp_path / "x.onnx.json"
        path.write_text(json.dumps(plain), encoding="utf-8")
        return read_voice_config(path)

    return read_changed


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"phoneme_type": "PhonemeType.ESPEAK"}, "phoneme_type", "espeak"),
        ({"phoneme_type": "PhonemeType.TEXT"}, "phoneme_type", "text"),
        ({"phoneme_type": None}, "phoneme_type", "espeak"),
        ({"language": "de_DE"}, "language", {"code": "de_DE"}),
        ({"language": {"family": "de"}}, "language", {"code": "de"}),
        ({"language": None}, "language", {"code": "de"}),
        ({"espeak": None}, "espeak", {"voice": "de"}),
        ({"espeak": {"voice": "de+f3"}}, "espeak", {"voice": "de+f3"}),
        ({"phoneme_id_map": {k: v[0] for k, v in IDS.items()}}, "phoneme_id_map", IDS),
        ({"num_symbols": None}, "num_symbols", 4),
        ({"num_speakers": None}, "num_speakers", 1),
        ({"num_speakers": None, "speaker_id_map": {"a": 0, "b": 1}}, "num_speakers", 2),
        ({"speaker_id_map": None}, "speaker_id_map", {}),
        (
            {"inference": {"noise_scale": None, "noise_w": 1}},
            "inference",
            {"noise_w": 1},
        ),
        ({"audio": {"sample_rate": "16000"}}, "audio", {"sample_rate": 16_000}),
    ],
)
def test_the_usual_dialects_are_read(
    read: Callable[..., dict[str, Any]], changes: Any, name: str, value: Any
) -> None:
    assert read(**changes)[name] == value


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode())
    assert read_voice_config(path)["phoneme_id_map"] == IDS


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"phoneme_type": "pinyin"}, "needs a phonemizer for Chinese"),
        ({"phoneme_type": "cat"}, "its phoneme type `cat` is unknown"),
        ({"phoneme_id_map": {}}, r"no ids for padding \(`_`\), start \(`\^`\), end"),
        ({"phoneme_id_map": {**IDS, "b": [10**12]}}, "ids outside 0 to 9999"),
        ({"phoneme_id_map": [1]}, "a value has the wrong type"),
        ({"espeak": {"voice": "klingon"}}, "eSpeak has no voice `klingon`"),
        ({"espeak": None, "language": "tlh"}, "`espeak.voice` is missing"),
        ({"audio": {}}, "`audio.sample_rate` is missing"),
        ({"audio": {"sample_rate": 7}}, "its sample rate is 7"),
        ({"num_symbols": "many"}, "a value has the wrong type"),
        ({"num_symbols": -1}, "`num_symbols` is -1"),
        ({"num_speakers": 0}, "`num_speakers` is 0"),
        ({"num_speakers": 2, "speaker_id_map": {"a": 5}}, "numbers `a` beyond"),
        (
            {"inference": {"noise_scale": float("inf")}},
            "`inference.noise_scale` is inf",
        ),
        ({"inference": {"length_scale": 1e9}}, r"`inference.length_scale` is 1e\+09"),
    ],
)
def test_what_cannot_work_is_named(
    read: Callable[..., dict[str, Any]], changes: Any, problem: str
) -> None:
    with pytest.raises(BadVoiceFile, match=problem):
        read(**changes)


def test_the_names_of_espeak_are_those_of_its_files() -> None:
    assert {"en-us", "de", "cmn", "pt-br"} <= espeak_voices()


# The catalog

WEIGHTS = small_voice()


@pytest.fixture
def config(tmp_path: Path) -> TtsEngineSettings:
    return loaded_config(voices_dir=str(tmp_path), offline=True).config


def add(folder: Path, name: str, onnx: bytes = WEIGHTS, **changes: Any) -> Path:
    path = folder / f"{name}.onnx"
    path.write_bytes(onnx)
    config = {**GOOD, **changes}
    path.with_name(f"{name}.onnx.json").write_text(json.dumps(config))
    return path


def loaded(config: TtsEngineSettings) -> Catalog:
    catalog = Catalog(config)
    catalog.load()
    return catalog


def test_broken_voices_are_not_offered_and_the_reason_is_kept(
    config: TtsEngineSettings, tmp_path: Path
) -> None:
    add(tmp_path, "good")
    add(tmp_path, "de_DE-torn-low", WEIGHTS[: len(WEIGHTS) // 2])
    add(tmp_path, "inputs", WEIGHTS.replace(b"input_lengths", b"other_lengths"))
    add(tmp_path, "speakers", num_speakers=2)
    add(tmp_path, "phonemes", phoneme_id_map={})
    catalog = loaded(config)
    assert "good" in catalog.voices
    reasons = catalog.unusable
    assert set(reasons) == {"de_DE-torn-low", "inputs", "speakers", "phonemes"}
    assert "this is not an ONNX model" in reasons["de_DE-torn-low"]
    assert "voices download de_DE-torn-low" in reasons["de_DE-torn-low"]
    assert "but not input_lengths" in reasons["inputs"]
    assert "but not sid" in reasons["speakers"]
    for name in ("inputs", "speakers", "phonemes"):
        assert "voices download" not in reasons[name]


def test_files_without_a_partner_are_mentioned(
    config: TtsEngineSettings, tmp_path: Path
) -> None:
    add(tmp_path, "renamed")
    (tmp_path / "renamed.onnx.json").rename(tmp_path / "renamed.json")
    (tmp_path / "alone.onnx").write_bytes(WEIGHTS)
    (tmp_path / "lost.onnx.json").write_text(json.dumps(GOOD))
    (tmp_path / "stray.json").write_text(json.dumps(GOOD))
    (tmp_path / "other.json").write_text("{}")
    reasons = loaded(config).unusable
    assert set(reasons) == {"renamed", "alone", "lost", "stray"}
    assert reasons["renamed"].endswith("but renamed.json is there: rename it.")
    assert "has no alone.onnx.json beside it" in reasons["alone"]
    for name in ("lost", "stray"):
        assert f"has no {name}.onnx beside it" in reasons[name]


def test_a_voice_that_could_not_be_loaded_is_offered_again_when_it_has_changed(
    config: TtsEngineSettings, tmp_path: Path
) -> None:
    path = add(tmp_path, "one")
    catalog = loaded(config)
    catalog.discard(catalog.voices["one"], "It is broken.")
    assert ("one" in catalog.voices, catalog.unusable["one"]) == (
        False,
        "It is broken.",
    )
    add(tmp_path, "two")
    catalog.refresh()
    assert {"one", "two"} & set(catalog.voices) == {"two"}
    path.unlink()
    add(tmp_path, "one", small_voice(2), num_speakers=2)
    catalog.refresh()
    assert {"one", "two"} <= set(catalog.voices)
    assert catalog.unusable == {}


def test_a_new_voice_does_not_make_the_others_be_read_again(
    config: TtsEngineSettings, tmp_path: Path
) -> None:
    one = add(tmp_path, "one")
    catalog = loaded(config)
    unchanged = one.stat()
    one.write_bytes(bytes(unchanged.st_size))  # Whoever read it would refuse it.
    os.utime(one, ns=(unchanged.st_atime_ns, unchanged.st_mtime_ns))
    add(tmp_path, "two")
    catalog.refresh()
    assert {"one", "two"} <= set(catalog.voices)
    one.touch()
    add(tmp_path, "three")
    catalog.refresh()
    assert "this is not an ONNX model" in catalog.unusable["one"]


def test_the_default_voice_is_kept_whatever_happens(config: TtsEngineSettings) -> None:
    catalog = loaded(config)
    catalog.discard(catalog.voices[catalog.default], "It is broken.")
    assert catalog.default in catalog.voices


def test_a_broken_default_is_named_only_where_it_was_chosen(
    config: TtsEngineSettings, tmp_path: Path
) -> None:
    add(tmp_path, "broken", b"")
    chosen = config.model_copy(update={"piper_model_path": "broken"})
    with pytest.raises(UnusableVoice, match="The voice broken cannot be used"):
        loaded(chosen)
    assert loaded(config).default != "broken"


def test_a_voice_that_was_tested_when_it_was_installed_is_not_read_again(
    config: TtsEngineSettings, tmp_path: Path
) -> None:
    keep_checksums(add(tmp_path, "installed", b"weights"))
    assert "installed" in loaded(config).voices


def test_a_voice_in_another_dialect_can_be_loaded_and_a_broken_one_says_so(
    tmp_path: Path,
) -> None:
    good = add(tmp_path, "good", phoneme_type="PhonemeType.TEXT", language="de")
    voice = load_voice(str(good), f"{good}.json", threads=1)
    assert voice.phonemize("aa") == [["a", "a"]]
    unknown = WEIGHTS.replace(b"ConvTranspose", b"NoSuchOperat_")
    bad = add(tmp_path, "bad", unknown)
    with pytest.raises(BrokenVoice, match=r"bad\.onnx cannot be loaded"):
        load_voice(str(bad), f"{bad}.json", threads=1)
