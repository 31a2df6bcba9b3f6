"""Archives that mean harm are refused before anything is written outside, or at all."""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.product import NAME
from voiceproject.storage.archive import (
    MOST_FILES,
    BadArchive,
    FileEntry,
    Manifest,
    entry_of,
    reading,
    write_archive,
)

Change = Callable[[dict[str, Any]], object]


def entry(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def packed(
    path: Path,
    files: dict[str, bytes],
    change: Change = lambda manifest: None,
    mode: int = 0,
    **unnamed: bytes,
) -> Path:
    """An archive as anybody could make it."""
    manifest: dict[str, Any] = {
        "product": NAME,
        "format": 1,
        "version": "0.1.0",
        "created_at": "2026-11-28T16:00:00+00:00",
        "database": "sqlite",
        "migrations": [],
        "files": {name: entry(content) for name, content in files.items()},
    }
    change(manifest)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for name, content in {**files, **unnamed}.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return path


def unpack(archive: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with reading(archive) as opened:
        opened.unpack(folder)


def manifest_of(files: dict[str, FileEntry]) -> Manifest:
    return Manifest(
        product=NAME,
        format=1,
        version="1",
        created_at="now",
        database="sqlite",
        migrations=[],
        files=files,
    )


def test_it_unpacks_what_it_packed(tmp_path: Path) -> None:
    source = tmp_path / "amy.onnx"
    source.write_bytes(b"weights" * 100)
    manifest = manifest_of({"voices/a/amy.onnx": entry_of(source)})
    archive = tmp_path / "backup.zip"
    write_archive(archive, manifest, {"voices/a/amy.onnx": source})
    unpack(archive, tmp_path / "out")
    unpacked = tmp_path / "out" / "voices" / "a" / "amy.onnx"
    assert unpacked.read_bytes() == source.read_bytes()
    assert stat.S_IMODE(unpacked.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/passwd",
        "voices/../../evil",
        "voices//evil",
        "voices/.hidden",
        "voices/..\\evil",
        "voices/C:evil",
        "voices/",
        "evil.py",
        "voices/" + "a/" * 9 + "deep",
        "voices/" + "a" * 201,
    ],
)
def test_it_refuses_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    archive = packed(tmp_path / "a.zip", {name: b"evil"})
    with pytest.raises(BadArchive, match="is no file of a backup"):
        unpack(archive, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_it_refuses_links(tmp_path: Path) -> None:
    mode = stat.S_IFLNK | 0o777
    archive = packed(tmp_path / "a.zip", {"secret_key": b"/etc/passwd"}, mode=mode)
    with pytest.raises(BadArchive, match="is a link"):
        unpack(archive, tmp_path / "out")


def test_it_refuses_bombs(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"voice.sqlite3": bytes(50_000_000)})
    assert archive.stat().st_size < 100_000
    with pytest.raises(BadArchive, match="far more than it should"):
        unpack(archive, tmp_path / "out")


def grow(manifest: dict[str, Any]) -> None:
    manifest["files"]["secret_key"]["bytes"] += 1


def other_checksum(manifest: dict[str, Any]) -> None:
    manifest["files"]["secret_key"]["sha256"] = "0" * 64


def more_files(manifest: dict[str, Any]) -> None:
    some = manifest["files"]["secret_key"]
    names = (f"voices/{number}" for number in range(MOST_FILES + 1))
    manifest["files"] = dict.fromkeys(names, some)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (grow, "other files than its manifest"),
        (other_checksum, "`secret_key` is damaged"),
        (more_files, "cannot be read"),
        (lambda manifest: manifest.pop("files"), "cannot be read"),
        (lambda manifest: manifest.update(product="Another"), "no backup of"),
        (lambda manifest: manifest.update(format=2), "newer version"),
    ],
)
def test_it_believes_no_manifest(tmp_path: Path, change: Change, reason: str) -> None:
    archive = packed(tmp_path / "a.zip", {"secret_key": b"key"}, change)
    with pytest.raises(BadArchive, match=reason):
        unpack(archive, tmp_path / "out")


def test_it_refuses_files_that_the_manifest_does_not_name(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {}, secret_key=b"key")
    with pytest.raises(BadArchive, match="other files than its manifest"):
        unpack(archive, tmp_path / "out")


def test_it_refuses_an_archive_that_lies_about_a_size(tmp_path: Path) -> None:
    """The directory says three bytes; the data would be a million."""
    content = bytes(range(256)) * 4_000
    archive = packed(tmp_path / "a.zip", {"secret_key": content})
    data = archive.read_bytes()
    size = len(content).to_bytes(4, "little")
    archive.write_bytes(data.replace(size, (3).to_bytes(4, "little")))
    with pytest.raises(BadArchive):
        unpack(archive, tmp_path / "out")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_it_refuses_two_files_of_one_name(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"secret_key": b"key"})
    with zipfile.ZipFile(archive, "a") as again:
        again.writestr("secret_key", b"another")
    with pytest.raises(BadArchive, match="two files of the same name"):
        unpack(archive, tmp_path / "out")


def test_it_refuses_a_truncated_archive(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"secret_key": b"key" * 1_000})
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(BadArchive, match="not a backup, or it is damaged"):
        unpack(archive, tmp_path / "out")


def test_a_failed_backup_leaves_nothing(tmp_path: Path) -> None:
    missing = {"secret_key": tmp_path / "missing"}
    with pytest.raises(FileNotFoundError):
        write_archive(tmp_path / "backup.zip", manifest_of({}), missing)
    assert list(tmp_path.iterdir()) == []
