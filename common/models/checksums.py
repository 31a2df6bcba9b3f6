"""SHA-256 checksums: of one file, and of a voice's files, kept beside its model."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CHECKSUM_SUFFIX = ".sha256"
CARD = "MODEL_CARD"
CHUNK_BYTES = 1 << 20
MAX_LIST_BYTES = 100_000

_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")

FileState = Literal["same", "changed", "missing", "unrecorded"]


@dataclass(frozen=True)
class FileCheck:
    """A file of a voice, compared with its stored checksum."""

    file: str
    state: FileState


def digest_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def keep_checksums(onnx: Path) -> dict[str, str]:
    """Store the checksums of the voice's files, in the format of `sha256sum -c`."""
    kept = {
        name: digest_of(onnx.with_name(name))
        for name in _file_names(onnx)
        if onnx.with_name(name).is_file()
    }
    lines = "".join(f"{digest}  {name}\n" for name, digest in kept.items())
    beside = _list_of(onnx)
    partial = beside.with_name(f".{beside.name}.partial")
    partial.write_text(lines, encoding="utf-8", newline="\n")
    partial.replace(beside)
    return kept


def kept_checksums(onnx: Path) -> dict[str, str]:
    """The stored digests by file name; empty if there are none."""
    try:
        with _list_of(onnx).open(encoding="utf-8") as file:
            lines = file.read(MAX_LIST_BYTES).splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found = [match.groups() for line in lines if (match := _LINE.fullmatch(line))]
    ours = _file_names(onnx)
    return {name: digest for digest, name in found if name in ours}


def check_files(onnx: Path, kept: Mapping[str, str]) -> list[FileCheck]:
    """Each file of the voice that exists or should exist."""
    return [
        FileCheck(name, state)
        for name in _file_names(onnx)
        if (state := _state(onnx.with_name(name), kept.get(name)))
    ]


def _state(path: Path, digest: str | None) -> FileState | None:
    if not path.is_file():
        return "missing" if digest else None
    if digest is None:
        return "unrecorded"
    return "same" if digest_of(path) == digest else "changed"


def _file_names(onnx: Path) -> tuple[str, ...]:
    return (onnx.name, f"{onnx.name}.json", CARD)


def _list_of(onnx: Path) -> Path:
    return onnx.with_name(onnx.name + CHECKSUM_SUFFIX)
