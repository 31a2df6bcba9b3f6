"""`manage.py models`, run as a person would, against a hub of our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.commands.management_command import manage
from tests.servers.hub import Hub, running_hub

pytestmark = pytest.mark.server

SMALL = "Systran/faster-whisper-small"
FILES = {
    "model.bin": b"weights" * 50_000,
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "vocabulary.txt": b"a\n",
}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        hub.add(SMALL, **FILES)
        yield hub


def test_it_downloads_a_model_once_and_lists_it(hub: Hub, tmp_path: Path) -> None:
    ran = manage(tmp_path, hub.url, "models", "download", "small")
    assert (ran.code, ran.errors.count("Traceback")) == (0, 0)
    assert "Use it with WHISPER_MODEL_NAME=small" in ran.output
    folder = tmp_path / "models" / "Systran--faster-whisper-small"
    assert (folder / "model.bin").read_bytes() == FILES["model.bin"]

    asked = len(hub.requests)
    again = manage(tmp_path, hub.url, "models", "download", "small")
    assert f"small is already installed: {folder}" in again.output
    assert len(hub.requests) == asked

    lines = manage(tmp_path, hub.url, "models", "list").output.splitlines()
    assert any(line.startswith("* base") and "package" in line for line in lines)
    assert any(line.split()[:2] == ["small", "folder:"] for line in lines)
    assert any(line.split() == ["medium", "not", "installed"] for line in lines)
    assert any(line.endswith(".gguf") for line in lines)
    assert lines[-1].endswith("smart-turn-v3.2-cpu.onnx")


@pytest.mark.parametrize(
    ("arguments", "settings", "sentence"),
    [
        (["download", "smal"], {}, "Did you mean `small`?"),
        (["download", "medium"], {}, "has no model"),
        (
            ["download", "small"],
            {"OFFLINE": "true"},
            "run the command with OFFLINE=false",
        ),
    ],
)
def test_it_refuses_in_one_sentence(
    hub: Hub,
    tmp_path: Path,
    arguments: list[str],
    settings: dict[str, str],
    sentence: str,
) -> None:
    manage(tmp_path, hub.url, "models", *arguments, **settings).check_refusal(sentence)


def test_offline_asks_nobody(hub: Hub, tmp_path: Path) -> None:
    manage(tmp_path, hub.url, "models", "download", "small", OFFLINE="true")
    manage(tmp_path, hub.url, "models", "list", OFFLINE="true")
    assert hub.requests == []


def test_it_writes_into_the_models_folder_alone_and_tells_the_hub_nothing(
    hub: Hub, tmp_path: Path
) -> None:
    # A variable by which huggingface_hub would look for more about the caller.
    ran = manage(tmp_path, hub.url, "models", "download", "small", AI_AGENT="curious")
    assert ran.code == 0
    written = {path.parent.name for path in tmp_path.rglob("*") if path.is_file()}
    assert written - {"data"} == {"Systran--faster-whisper-small"}
    assert not [path for path, _ in hub.requests if SMALL not in path]


def test_it_finds_what_was_downloaded_earlier_into_the_hub_cache(
    hub: Hub, tmp_path: Path
) -> None:
    kept = tmp_path / "hub-cache" / "hub" / "models--Systran--faster-whisper-small"
    snapshot = kept / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    for name, data in FILES.items():
        (snapshot / name).write_bytes(data)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("a" * 40)
    ran = manage(tmp_path, hub.url, "models", "download", "small", OFFLINE="true")
    assert f"small is already installed: {snapshot}" in ran.output
    assert hub.requests == []
