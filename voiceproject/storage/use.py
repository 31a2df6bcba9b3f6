"""The data folder of a server: its own while it runs, tidy, and private."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from common.config import Config
from voiceproject.storage.folder import (
    FolderInUse,
    FolderLock,
    Use,
    data_folder,
    make_private,
    tidy,
)

log = structlog.get_logger(__name__)


@contextmanager
def using_data_folder(config: Config) -> Iterator[None]:
    """Other servers may use it too, but no restore. Raises FolderInUse."""
    folder = data_folder(config)
    lock = FolderLock(folder, Use.SHARED)
    try:
        lock.acquire()
        is_alone = lock.is_alone()
    except FolderInUse as error:
        raise FolderInUse(
            f"`manage.py restore` is replacing what is in {folder}: start the server "
            "when it has ended."
        ) from error
    try:
        if is_alone and (left := tidy(folder)):
            log.info("files of a killed server deleted", files=left)
        make_private(folder)
        yield
    finally:
        lock.release()
