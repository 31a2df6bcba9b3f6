"""The data folder: one restore or many servers, tidy, and private."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from common.config import Config, project_dir
from voiceproject.storage.folder import (
    FolderInUse,
    FolderLock,
    Use,
    is_in_use,
    make_private,
    temporary_folder,
    tidy,
)
from voiceproject.storage.use import using_data_folder


def config_for(folder: Path) -> Config:
    return Config(data_dir=str(folder))


def test_servers_share_the_folder_and_a_restore_has_it_alone(tmp_path: Path) -> None:
    config = config_for(tmp_path)
    assert not is_in_use(tmp_path)
    with using_data_folder(config), using_data_folder(config):
        assert is_in_use(tmp_path)
    with (
        FolderLock(tmp_path, Use.ALONE),
        pytest.raises(FolderInUse, match="restore` is replacing"),
        using_data_folder(config),
    ):
        pass
    assert not is_in_use(tmp_path)


HOLD = """
import sys
from pathlib import Path
from voiceproject.storage.folder import FolderLock, Use
lock = FolderLock(Path(sys.argv[1]), Use.SHARED)
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_killed_server_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        cwd=project_dir(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_in_use(tmp_path)
        holder.kill()
        holder.wait()
        assert not is_in_use(tmp_path)


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    with using_data_folder(config_for(tmp_path / "missing")):
        assert not is_in_use(tmp_path / "missing")


def test_a_start_deletes_what_a_killed_server_left(tmp_path: Path) -> None:
    uploads = Path(temporary_folder(tmp_path) or "")
    (uploads / "recording-1").write_bytes(b"speech")
    (tmp_path / "restoring" / "voices").mkdir(parents=True)
    (tmp_path / "restoring" / "voices" / "half.onnx").write_bytes(b"half")
    (tmp_path / "kept").touch()
    with FolderLock(tmp_path, Use.SHARED), using_data_folder(config_for(tmp_path)):
        assert (uploads / "recording-1").exists()  # another server may write it
    with using_data_folder(config_for(tmp_path)):
        assert list(uploads.iterdir()) == []
    assert (tmp_path / "kept").exists()
    assert tidy(tmp_path) == 0


def test_nobody_else_reads_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    files = [folder / "voice.sqlite3", folder / "downloads" / "amy" / "amy.onnx"]
    styles = folder / "static" / "css" / "site.css"
    outside = tmp_path / "outside"
    for path in (*files, styles, outside):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o644)
    (folder / "link").symlink_to(outside)
    make_private(folder)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [*files, styles]}
    assert modes == {files[0]: 0o600, files[1]: 0o600, styles: 0o644}
    assert stat.S_IMODE((folder / "downloads").stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.stat().st_mode) == 0o711
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644
