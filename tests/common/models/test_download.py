"""Downloads from a hub of our own: whole, resumed, damaged, refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.errors import ModelMissing
from common.models.checksums import check_files, kept_checksums
from common.models.download import (
    download_voice,
    download_whisper,
    is_voice_name,
    published_voices,
)
from tests.servers.hub import Hub, running_hub

SMALL = "Systran/faster-whisper-small"
WEIGHTS = bytes(range(256)) * 4_000
WHISPER: dict[str, Any] = {
    "model.bin": WEIGHTS,
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "vocabulary.txt": b"a\n",
    "README.md": b"not needed",
}
VOICE = "de_DE-thorsten-low"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        hub.add(SMALL, **WHISPER)
        hub.add_voice(VOICE, onnx=WEIGHTS)
        yield hub


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def visible(folder: Path) -> set[str]:
    return {name for name in files(folder) if not name.startswith(".")}


def test_it_fetches_what_a_whisper_model_needs(hub: Hub, tmp_path: Path) -> None:
    folder = download_whisper("small", tmp_path, hub.url)
    assert folder == tmp_path / "Systran--faster-whisper-small"
    assert visible(folder) == set(WHISPER) - {"README.md"}
    assert (folder / "model.bin").read_bytes() == WEIGHTS


def test_it_fetches_the_revision_that_was_listed(hub: Hub, tmp_path: Path) -> None:
    download_whisper("small", tmp_path, hub.url)
    fetched = [path for path, _ in hub.requests if "/resolve/" in path]
    assert fetched
    assert all("/resolve/abc123/" in path for path in fetched)


def test_it_fetches_nothing_twice(hub: Hub, tmp_path: Path) -> None:
    download_whisper("small", tmp_path, hub.url)
    before = len(hub.requests)
    download_whisper("small", tmp_path, hub.url)
    assert [path for path, _ in hub.requests[before:]] == [f"api/models/{SMALL}"]


def test_it_goes_on_where_a_connection_broke(hub: Hub, tmp_path: Path) -> None:
    hub.breaks = [300_000, 200_000]
    folder = download_whisper("small", tmp_path, hub.url)
    assert (folder / "model.bin").read_bytes() == WEIGHTS
    ranges = [headers.get("Range") for path, headers in hub.requests if ".bin" in path]
    assert ranges == [None, "bytes=262144-", "bytes=458752-"]


def test_it_keeps_what_came_for_the_next_try(hub: Hub, tmp_path: Path) -> None:
    hub.breaks = [100_000, 10]
    with pytest.raises(ModelMissing, match=r"connection to 127\.0\.0\.1 failed"):
        download_whisper("small", tmp_path, hub.url)
    folder = tmp_path / "Systran--faster-whisper-small"
    assert "model.bin" not in files(folder)
    assert (folder / ".model.bin.partial").read_bytes() == WEIGHTS[:65_536]
    download_whisper("small", tmp_path, hub.url)
    assert (folder / "model.bin").read_bytes() == WEIGHTS
    assert hub.requests[-1][1]["Range"] == "bytes=65536-"


def test_it_asks_for_no_weights_that_the_disk_has_no_room_for(
    hub: Hub, tmp_path: Path
) -> None:
    hub.claimed_sizes[f"{SMALL}/model.bin"] = 10**18
    with pytest.raises(
        ModelMissing, match=r"1000000000000 MB to download, but only .* free"
    ):
        download_whisper("small", tmp_path, hub.url)
    assert not [path for path, _ in hub.requests if "/resolve/" in path]


def test_it_takes_no_more_than_was_announced(hub: Hub, tmp_path: Path) -> None:
    hub.claimed_sizes[f"{SMALL}/model.bin"] = 100_000
    with pytest.raises(ModelMissing, match="131072 bytes instead of 100000"):
        download_whisper("small", tmp_path, hub.url)


def test_it_starts_again_after_another_files_remains(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "Systran--faster-whisper-small"
    folder.mkdir()
    (folder / ".model.bin.partial").write_bytes(b"x" * (len(WEIGHTS) + 5))
    download_whisper("small", tmp_path, hub.url)
    assert (folder / "model.bin").read_bytes() == WEIGHTS


@pytest.mark.parametrize("name", ["model.bin", "config.json"])
def test_it_throws_a_damaged_file_away(hub: Hub, tmp_path: Path, name: str) -> None:
    hub.damaged = name
    with pytest.raises(
        ModelMissing, match=f"{name} is damaged after the download: its checksum"
    ):
        download_whisper("small", tmp_path, hub.url)
    kept = files(tmp_path / "Systran--faster-whisper-small")
    assert not kept & {name, f".{name}.partial"}


def test_two_at_once_give_one_whole_model(hub: Hub, tmp_path: Path) -> None:
    both = [
        threading.Thread(target=download_whisper, args=("small", tmp_path, hub.url))
        for _ in range(2)
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    folder = tmp_path / "Systran--faster-whisper-small"
    assert (folder / "model.bin").read_bytes() == WEIGHTS
    assert len([path for path, _ in hub.requests if ".bin" in path]) == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("smal", "Did you mean `small`?"),
        ("nobody/nothing", "has no model `nobody/nothing` for you"),
        (VOICE, "There is no Whisper model"),
    ],
)
def test_it_refuses_a_model_that_is_not_there(
    hub: Hub, tmp_path: Path, name: str, sentence: str
) -> None:
    with pytest.raises(ModelMissing) as caught:
        download_whisper(name, tmp_path, hub.url)
    assert sentence in caught.value.message


def test_it_refuses_a_model_of_another_kind(hub: Hub, tmp_path: Path) -> None:
    hub.add("some/torch-model", **{"pytorch_model.safetensors": b"x"})
    with pytest.raises(ModelMissing, match="not a CTranslate2 model"):
        download_whisper("some/torch-model", tmp_path, hub.url)


def test_it_says_what_helps_when_there_is_no_network(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing) as caught:
        download_whisper("small", tmp_path, "http://127.0.0.1:9")
    assert (
        "the connection to 127.0.0.1 failed (nothing is listening"
        in caught.value.message
    )
    assert "manage.py models download small" in caught.value.message


def test_it_fetches_a_voice_into_its_own_folder(hub: Hub, tmp_path: Path) -> None:
    onnx = download_voice(VOICE, tmp_path, hub.url)
    assert onnx == tmp_path / VOICE / f"{VOICE}.onnx"
    assert onnx.read_bytes() == WEIGHTS
    voice_files = {onnx.name, f"{onnx.name}.json", "MODEL_CARD"}
    assert visible(onnx.parent) == {*voice_files, f"{onnx.name}.sha256"}
    checks = check_files(onnx, kept_checksums(onnx))
    assert {check.file for check in checks} == voice_files
    assert {check.state for check in checks} == {"same"}


def test_it_refuses_a_voice_that_is_not_listed(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="Did you mean `de_DE-thorsten-low`"):
        download_voice("de_DE-thorstn-low", tmp_path, hub.url)


def test_it_lists_the_published_voices(hub: Hub) -> None:
    (voice,) = published_voices(hub.url)
    assert (voice.name, voice.language) == (VOICE, "German Germany")
    assert voice.size_bytes == len(WEIGHTS) + len(b"{}") + len(b"* License: CC0\n")


def test_it_says_so_when_the_voice_list_is_no_json(hub: Hub) -> None:
    hub.add("rhasspy/piper-voices", **{"voices.json": b"<html>"})
    with pytest.raises(ModelMissing, match="list of Piper voices could not be read"):
        published_voices(hub.url)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("en_US-joe-medium", True),
        ("de_DE-thorsten_emotional-medium", True),
        ("es_419-x-low", True),
        ("joe", False),
        ("../en_US-joe-medium", False),
        ("en_US-joe-best", False),
    ],
)
def test_it_knows_how_voices_are_named(name: str, expected: bool) -> None:
    assert is_voice_name(name) is expected
