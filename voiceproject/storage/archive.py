"""The file of a backup: a ZIP archive whose manifest names and checks every file.

An archive may come from anywhere, so nothing in it is believed before it was checked:
no name leads out of the folder, no entry is a link, and nothing is written beyond the
size that the manifest says and the disk can take.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common.product import NAME

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "voice.sqlite3"
SECRET_KEY = "secret_key"  # noqa: S105 - a file's name
CONFIGURATION = "config.yaml"
VOICES = "voices/"

MOST_FILES = 5_000
MOST_MANIFEST_BYTES = 4_000_000
MOST_RATIO = 500
"""Databases without unused pages compress to a tenth or so; bombs to a thousandth."""
SPARE_BYTES = 100_000_000
PIECE_BYTES = 1 << 20
STORED = (".onnx",)
"""Not worth compressing."""
_PART = re.compile(r"[^\x00-\x1f/\\:*?\"<>|]{1,200}")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class BadArchive(Exception):
    """The message says what is wrong with the file."""


class FileEntry(BaseModel):
    """A file of the backup."""

    model_config = ConfigDict(extra="forbid")

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="[0-9a-f]{64}")


class Manifest(BaseModel):
    """What a backup says of itself."""

    product: str
    format: int
    version: str
    """Of the program that made it."""
    created_at: str
    database: str
    """`sqlite` or `postgresql`: where the rows came from."""
    migrations: list[tuple[str, str]]
    files: dict[str, FileEntry] = Field(max_length=MOST_FILES)


def entry_of(path: Path) -> FileEntry:
    """The size and checksum of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return FileEntry(bytes=path.stat().st_size, sha256=digest.hexdigest())


def write_archive(target: Path, manifest: Manifest, files: dict[str, Path]) -> None:
    """Write a new file, readable by its owner alone. It is there whole or not at all.
    Raises FileExistsError and other OSErrors."""
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    number = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(number, "wb") as out:
            with zipfile.ZipFile(out, "w") as archive:
                archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
                for name, path in files.items():
                    is_stored = name.endswith(STORED)
                    kind = zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED
                    archive.write(path, name, kind)
            out.flush()
            os.fsync(out.fileno())
        # Unlike a rename, a link never replaces a file.
        os.link(partial, target)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def reading(path: Path) -> Iterator[OpenArchive]:
    """The archive, its names and sizes checked. Raises BadArchive."""
    try:
        with zipfile.ZipFile(path) as file:
            yield OpenArchive(file)
    except _BROKEN as error:
        raise BadArchive(
            f"{path.name} is not a backup, or it is damaged: {error}."
        ) from error
    except OSError as error:
        raise BadArchive(f"{path.name} cannot be read: {error.strerror}.") from error


class OpenArchive:
    """A backup that is being read. Raises BadArchive for whatever is wrong."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self._entries = self._checked_entries()
        self.manifest = self._read_manifest()
        self._compare()

    def unpack(self, folder: Path) -> None:
        """All files below the folder, with the checksums that the manifest says."""
        needed = sum(entry.bytes for entry in self.manifest.files.values())
        free = shutil.disk_usage(folder).free - SPARE_BYTES
        if needed > free:
            raise BadArchive(
                f"The backup needs {needed:,} bytes, and the disk has room for {max(0, free):,}."
            )
        for name, entry in self.manifest.files.items():
            self._unpack(name, entry, folder / name)

    def _unpack(self, name: str, entry: FileEntry, target: Path) -> None:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest, left = hashlib.sha256(), entry.bytes
        number = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as out, self._file.open(name) as packed:
            while piece := packed.read(min(PIECE_BYTES, left + 1)):
                left -= len(piece)
                if left < 0:
                    break
                digest.update(piece)
                out.write(piece)
        if left or digest.hexdigest() != entry.sha256:
            raise BadArchive(f"`{name}` is damaged: its checksum is another one.")

    def _checked_entries(self) -> dict[str, zipfile.ZipInfo]:
        infos = self._file.infolist()
        if len(infos) > MOST_FILES + 1:
            raise BadArchive(f"The archive has more than {MOST_FILES:,} files.")
        entries = {info.filename: info for info in infos}
        if len(entries) != len(infos):
            raise BadArchive("The archive has two files of the same name.")
        for info in infos:
            if problem := _problem(info):
                raise BadArchive(f"`{info.filename[:100]}` {problem}.")
        return entries

    def _read_manifest(self) -> Manifest:
        info = self._entries.get(MANIFEST)
        if info is None or info.file_size > MOST_MANIFEST_BYTES:
            raise BadArchive(f"The file is not a backup: it has no {MANIFEST}.")
        try:
            manifest = Manifest.model_validate_json(self._file.read(MANIFEST))
        except ValidationError as error:
            raise BadArchive(
                f"The {MANIFEST} of the archive cannot be read."
            ) from error
        if manifest.product != NAME:
            raise BadArchive(f"The archive is no backup of {NAME}.")
        if manifest.format > FORMAT:
            raise BadArchive(
                f"The backup was made by a newer version ({manifest.version}): update "
                "the program first."
            )
        return manifest

    def _compare(self) -> None:
        sizes = {name: info.file_size for name, info in self._entries.items()}
        del sizes[MANIFEST]
        named = {name: entry.bytes for name, entry in self.manifest.files.items()}
        if sizes != named:
            raise BadArchive(f"The archive holds other files than its {MANIFEST} says.")


def _problem(info: zipfile.ZipInfo) -> str:
    name, mode = info.filename, info.external_attr >> 16
    is_ours = name in (MANIFEST, DATABASE, SECRET_KEY, CONFIGURATION)
    if not is_ours and not is_voice_file(name):
        return "is no file of a backup"
    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        return "is a link or something else that is no file"
    if info.flag_bits & 1:
        return "is encrypted"
    if info.file_size > MOST_RATIO * max(info.compress_size, 1):
        return "would unpack to far more than it should"
    return ""


def is_voice_file(name: str) -> bool:
    """Whether it is a name below the folder of the voices, and cannot lead out of it."""
    if not name.startswith(VOICES):
        return False
    parts = name.removeprefix(VOICES).split("/")
    return len(parts) <= 8 and all(
        _PART.fullmatch(part) and not part.startswith(".") for part in parts
    )
