"""The checksums of a voice's files: written down, read again, compared."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from common.models.checksums import check_files, keep_checksums, kept_checksums

NAMES = ("x.onnx", "x.onnx.json", "MODEL_CARD")


@pytest.fixture
def onnx(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path / "x.onnx"


def states(onnx: Path) -> dict[str, str]:
    return {each.file: each.state for each in check_files(onnx, kept_checksums(onnx))}


def test_it_writes_down_every_file_of_the_voice(onnx: Path) -> None:
    (onnx.parent / "other.onnx").write_bytes(b"another voice")
    kept = keep_checksums(onnx)
    assert kept == {n: hashlib.sha256(n.encode()).hexdigest() for n in NAMES}
    assert kept_checksums(onnx) == kept
    assert set(states(onnx).values()) == {"same"}


@pytest.mark.skipif(sys.platform != "linux", reason="sha256sum is a tool of Linux")
def test_the_usual_tool_reads_what_is_written(onnx: Path) -> None:
    keep_checksums(onnx)
    command = ["sha256sum", "--check", "--strict", "x.onnx.sha256"]
    done = subprocess.run(
        command, cwd=onnx.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout.count(": OK") == len(NAMES)


def test_it_tells_what_changed_what_is_gone_and_what_nobody_knows(onnx: Path) -> None:
    onnx.with_name("MODEL_CARD").unlink()
    keep_checksums(onnx)
    onnx.write_bytes(b"other weights")
    onnx.with_name("x.onnx.json").unlink()
    onnx.with_name("MODEL_CARD").write_bytes(b"new")
    assert states(onnx) == {
        "x.onnx": "changed",
        "x.onnx.json": "missing",
        "MODEL_CARD": "unrecorded",
    }


def test_what_was_changed_on_purpose_is_accepted(onnx: Path) -> None:
    keep_checksums(onnx)
    onnx.write_bytes(b"other weights")
    keep_checksums(onnx)
    assert states(onnx)["x.onnx"] == "same"


@pytest.mark.parametrize(
    "written",
    [b"", b"\xff\xfe", b"no digest", b"0" * 64 + b"  ../../elsewhere\n"],
)
def test_a_list_that_says_nothing_is_none(onnx: Path, written: bytes) -> None:
    onnx.with_name("x.onnx.sha256").write_bytes(written)
    assert kept_checksums(onnx) == {}
    assert set(states(onnx).values()) == {"unrecorded"}
