"""The data folder: who uses it, what is left over in it, and who may read it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import IO

import structlog

from common.config import Config, project_dir

log = structlog.get_logger(__name__)

if sys.platform != "win32":
    import fcntl

LOCK = "server.lock"
TEMPORARY = "temporary"
"""Uploads on their way: in the data folder, so that what a killed server left is found."""
RESTORING = "restoring"
REPLACED = "replaced-"
"""Before the time of a restore: what it replaced."""
STATIC = "static"
PRIVATE_FILE, PRIVATE_FOLDER, PUBLIC_FOLDER = 0o600, 0o700, 0o711


def data_folder(config: Config) -> Path:
    """`data_dir`, below the folder of `manage.py` if it is relative."""
    return project_dir() / Path(config.data_dir).expanduser()


class FolderInUse(Exception):
    """A server uses the data folder, or a restore replaces what is in it."""


class Use(Enum):
    """Servers share the folder; a restore has it alone."""

    SHARED = "shared"
    ALONE = "alone"


class FolderLock:
    """Held for as long as a process uses the data folder. The system releases it when
    the process ends, however it ends. Not available on Windows."""

    def __init__(self, folder: Path, use: Use) -> None:
        self._path = folder / LOCK
        self._use = use
        self._file: IO[bytes] | None = None

    def __enter__(self) -> FolderLock:
        """Raises FolderInUse."""
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def acquire(self) -> None:
        """Raises FolderInUse. Without a folder that can be written there is no lock."""
        try:
            self._file = self._path.open("ab")
            self._path.chmod(PRIVATE_FILE)
        except OSError as error:
            # With PostgreSQL the folder may be missing, or not ours to write.
            log.debug("data folder not locked", reason=error.strerror)
            return
        self._take(self._use)

    def release(self) -> None:
        """Safe to call twice."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def is_alone(self) -> bool:
        """Whether no other process uses the folder at this moment. Raises FolderInUse
        if the lock is lost meanwhile."""
        if self._file is None:
            return False
        alone = _lock(self._file, Use.ALONE)
        self._take(self._use)
        return alone

    def _take(self, use: Use) -> None:
        if self._file is not None and not _lock(self._file, use):
            self.release()
            raise FolderInUse(str(self._path.parent))


def _lock(file: IO[bytes], use: Use) -> bool:
    if sys.platform == "win32":
        return True
    kind = fcntl.LOCK_EX if use is Use.ALONE else fcntl.LOCK_SH
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_in_use(folder: Path) -> bool:
    """Whether a server runs on this folder."""
    try:
        with FolderLock(folder, Use.ALONE):
            return False
    except FolderInUse:
        return True


def temporary_folder(folder: Path) -> str | None:
    """Where uploads are kept until they are transcribed; None, the system's folder,
    where it cannot be made."""
    place = folder / TEMPORARY
    try:
        place.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError:
        return None
    return str(place)


def tidy(folder: Path) -> int:
    """Delete the temporary files of processes that were killed. Returns their number.
    No other process may use the folder."""
    left = [*_files(folder / TEMPORARY), *_files(folder / RESTORING)]
    for path in left:
        path.unlink(missing_ok=True)
    shutil.rmtree(folder / RESTORING, ignore_errors=True)
    return len(left)


def older_copies(folder: Path) -> list[Path]:
    """Backups in the data folder, and what restores replaced."""
    return sorted([*folder.glob(f"{REPLACED}*"), *folder.glob("*.zip")])


def make_private(folder: Path) -> None:
    """Nobody else may read the files; static files stay as they are, because a web
    server may have to read them."""
    with contextlib.suppress(OSError):
        has_static = (folder / STATIC).is_dir()
        _restrict(folder, PUBLIC_FOLDER if has_static else PRIVATE_FOLDER)
        for path in folder.iterdir():
            if path.name == STATIC or path.is_symlink():
                continue
            _restrict(path, PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)
            for below in _files(path):
                _restrict(below, PRIVATE_FILE)


def _restrict(path: Path, mode: int) -> None:
    if path.stat().st_mode & 0o777 & ~mode:
        path.chmod(path.stat().st_mode & mode)


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                yield path
