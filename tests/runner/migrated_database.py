"""A database that is up to date, for servers of tests to start with."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from tests.runner.forked_server import ForkedServer

NAME = "voice.sqlite3"


def put_migrated_database(data_dir: Path) -> None:
    """In a new data folder: migrating takes longer than the rest of a start."""
    data_dir.mkdir(mode=0o700)
    shutil.copy(_template() / NAME, data_dir / NAME)


@functools.cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="voice-test-"))
    atexit.register(shutil.rmtree, folder)
    log = folder / "log"
    migrate = ForkedServer(["migrate"], {"DATA_DIR": str(folder)}, log)
    assert migrate.wait(60) == 0, log.read_text(encoding="utf-8")
    return folder
