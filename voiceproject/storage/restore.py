"""Puts a backup in the place of what is there now, which is kept aside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone

from common.config import LoadedConfig, project_dir
from common.models.files import voices_folder
from voiceproject.storage.archive import (
    CONFIGURATION,
    DATABASE,
    SECRET_KEY,
    VOICES,
    BadArchive,
    Manifest,
    reading,
)
from voiceproject.storage.copying import DamagedDatabase, check, copy_rows, snapshot
from voiceproject.storage.folder import (
    REPLACED,
    RESTORING,
    FolderInUse,
    FolderLock,
    Use,
    data_folder,
)
from voiceproject.storage.schema import (
    applied_migrations,
    sqlite_beside,
    unknown_migrations,
)

STAGED = "staged"
SQLITE_FILES = ("", "-wal", "-shm", "-journal")


class CannotRestore(Exception):
    """The message says why; nothing was changed."""


@dataclass(frozen=True)
class Restored:
    """What a restore did."""

    manifest: Manifest
    replaced: Path
    """Where everything that was replaced is kept."""
    configuration: Path | None
    """The backup's configuration, if it is not in use."""


def restore(
    loaded: LoadedConfig,
    archive: Path,
    *,
    with_configuration: bool = False,
    database: str = DEFAULT_DB_ALIAS,
    now: datetime | None = None,
) -> Restored:
    """Check everything first, then replace. Raises BadArchive and CannotRestore, before
    which nothing has changed, and Django's database errors."""
    folder = data_folder(loaded.config)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder, database), _staging(folder) as staged:
        _refuse_newer_database(database)
        manifest = _unpack(archive, staged)
        _bring_up_to_date(staged / DATABASE)
        moment = now or timezone.now()
        replaced = folder / f"{REPLACED}{moment:%Y%m%d-%H%M%S}"
        replaced.mkdir(mode=0o700)
        _replace_database(staged / DATABASE, replaced, database)
        _replace(staged / SECRET_KEY, folder / SECRET_KEY, replaced / SECRET_KEY)
        _replace_voices(staged / VOICES, voices_folder(loaded.config), replaced)
        left = _replace_configuration(
            loaded, staged, folder, replaced, replace=with_configuration
        )
    return Restored(manifest, replaced, left)


@contextmanager
def _alone(folder: Path, database: str) -> Iterator[None]:
    try:
        with FolderLock(folder, Use.ALONE):
            if others := _other_sessions(database):
                raise CannotRestore(
                    f"{others} other connections use the database: stop the servers first."
                )
            yield
    except FolderInUse as error:
        raise CannotRestore(f"A server uses {folder}: stop it first.") from error


def _other_sessions(database: str) -> int:
    """Of PostgreSQL, which servers on other machines may use."""
    connection = connections[database]
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    staged = folder / RESTORING
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(mode=0o700)
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _unpack(archive: Path, staged: Path) -> Manifest:
    with reading(archive) as opened:
        _refuse_newer(opened.manifest, opened.manifest.migrations)
        opened.unpack(staged)
        manifest = opened.manifest
    if DATABASE not in manifest.files:
        raise BadArchive("The backup has no database.")
    try:
        check(staged / DATABASE)
    except DamagedDatabase as error:
        raise BadArchive(f"The database of the backup is damaged: {error}.") from error
    with sqlite_beside(staged / DATABASE, STAGED) as alias:
        _refuse_newer(manifest, applied_migrations(alias))
    return manifest


def _refuse_newer(manifest: Manifest, migrations: list[tuple[str, str]]) -> None:
    if unknown := unknown_migrations(migrations):
        raise CannotRestore(
            f"The backup was made by a newer version ({manifest.version}), whose "
            f"database this one does not know ({', '.join(unknown)}): update the "
            "program first."
        )


def _refuse_newer_database(database: str) -> None:
    """A SQLite file is moved away whole, whatever it is; other tables are filled."""
    if connections[database].vendor == "sqlite":
        return
    if unknown := unknown_migrations(applied_migrations(database)):
        raise CannotRestore(
            f"The database was changed by a newer version ({', '.join(unknown)}): "
            "update the program first, or restore into another database."
        )


def _bring_up_to_date(path: Path) -> None:
    with sqlite_beside(path, STAGED) as alias:
        call_command("migrate", database=alias, interactive=False, verbosity=0)


def _replace_database(staged: Path, replaced: Path, database: str) -> None:
    connection = connections[database]
    if connection.vendor != "sqlite":
        snapshot(replaced / DATABASE, database)
        call_command("migrate", database=database, interactive=False, verbosity=0)
        with sqlite_beside(staged, STAGED) as alias:
            copy_rows(alias, database)
        return
    connection.close()
    current = Path(connections.databases[database]["NAME"])
    moved = {}
    for suffix in SQLITE_FILES:
        old = current.with_name(current.name + suffix)
        if old.exists():
            moved[old] = replaced / (DATABASE + suffix)
            _move(old, moved[old])
    try:
        _move(staged, current)
    except OSError:
        for old, aside in moved.items():
            _move(aside, old)
        raise


def _replace(new: Path, current: Path, replaced: Path) -> None:
    """Put a file in place; the one that is there is kept, unless it is the same."""
    if not new.is_file():
        return
    if current.is_file():
        if current.read_bytes() == new.read_bytes():
            return
        _move(current, replaced)
    _move(new, current)


def _replace_voices(staged: Path, folder: Path, replaced: Path) -> None:
    """Those of the backup; others that are there stay."""
    for path in sorted(staged.rglob("*")):
        if path.is_file():
            name = path.relative_to(staged)
            _replace(path, folder / name, replaced / VOICES / name)


def _replace_configuration(
    loaded: LoadedConfig, staged: Path, folder: Path, replaced: Path, *, replace: bool
) -> Path | None:
    """The file in use stays, unless it is to be replaced: it may name another database
    or folder. Then the backup's lies beside the data."""
    new = staged / CONFIGURATION
    used = loaded.path or project_dir() / CONFIGURATION
    if not new.is_file() or (used.is_file() and used.read_bytes() == new.read_bytes()):
        return None
    if replace:
        _replace(new, used, replaced / CONFIGURATION)
        return None
    beside = folder / "config-of-backup.yaml"
    _replace(new, beside, replaced / beside.name)
    return beside


def _move(source: Path, target: Path) -> None:
    """Also to another disk. Under its final name the file is never incomplete."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        source.replace(target)
    except OSError:
        partial = target.with_name(f".{target.name}.partial")
        shutil.copyfile(source, partial)
        partial.chmod(0o600)
        with closing(os.fdopen(os.open(partial, os.O_RDONLY))) as copied:
            os.fsync(copied.fileno())
        partial.replace(target)
        source.unlink()
