"""Makes a backup: the database, the voices and the configuration in one file."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone

from common.config import LoadedConfig
from common.models.files import voices_folder
from common.product import NAME, SLUG, VERSION
from voiceproject.storage.archive import (
    CONFIGURATION,
    DATABASE,
    FORMAT,
    SECRET_KEY,
    VOICES,
    Manifest,
    entry_of,
    is_voice_file,
    write_archive,
)
from voiceproject.storage.copying import snapshot
from voiceproject.storage.folder import data_folder, temporary_folder
from voiceproject.storage.schema import applied_migrations, sqlite_beside


def usual_name(now: datetime) -> str:
    """Sorted by name, backups are sorted by time."""
    return f"{SLUG}-backup-{now:%Y%m%d-%H%M%S}.zip"


def back_up(
    loaded: LoadedConfig, target: Path, *, database: str = DEFAULT_DB_ALIAS
) -> Manifest:
    """Write the backup to a new file; servers may go on. Raises FileExistsError and
    other OSErrors, DamagedDatabase, and Django's database errors."""
    if target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    folder = data_folder(loaded.config)
    with tempfile.TemporaryDirectory(dir=temporary_folder(folder)) as staging:
        copy = Path(staging, DATABASE)
        snapshot(copy, database)
        files = {DATABASE: copy, **dict(_other_files(loaded))}
        manifest = Manifest(
            product=NAME,
            format=FORMAT,
            version=VERSION,
            created_at=timezone.now().isoformat(timespec="seconds"),
            database=connections[database].vendor,
            migrations=_migrations(copy),
            files={name: entry_of(path) for name, path in files.items()},
        )
        write_archive(target, manifest, files)
    return manifest


def _migrations(copy: Path) -> list[tuple[str, str]]:
    with sqlite_beside(copy, "copy") as alias:
        return applied_migrations(alias)


def _other_files(loaded: LoadedConfig) -> Iterator[tuple[str, Path]]:
    key = data_folder(loaded.config) / SECRET_KEY
    if key.is_file():
        yield SECRET_KEY, key
    if loaded.path is not None:
        yield CONFIGURATION, loaded.path
    folder = voices_folder(loaded.config)
    for path in sorted(folder.rglob("*")):
        name = VOICES + path.relative_to(folder).as_posix()
        if path.is_file() and is_voice_file(name):
            yield name, path
