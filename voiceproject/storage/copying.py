"""Copies a database into a file, and the rows of one database into another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from voiceproject.storage.schema import (
    SQLITE,
    migrate_to,
    models_at,
    newest,
    sqlite_beside,
)

CHUNK = 500
SNAPSHOT = "snapshot"
SESSIONS = "django_session"


class DamagedDatabase(Exception):
    """The message is SQLite's first complaint."""


def snapshot(target: Path, source: str = DEFAULT_DB_ALIAS) -> None:
    """The database as it is at this moment, as one SQLite file. Servers may write on.

    Sessions are left out: a reader of the file could use them. Raises
    DamagedDatabase, and Django's database errors.
    """
    target.touch(mode=0o600)
    if connections[source].vendor == "sqlite":
        _copy_file(Path(connections.databases[source]["NAME"]), target)
    else:
        _copy_into_file(source, target)
    _compact(target)


def check(path: Path) -> None:
    """Raises DamagedDatabase if the file is not a whole SQLite database."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise DamagedDatabase(str(error)) from error
    if answer != "ok":
        raise DamagedDatabase(str(answer))


def copy_rows(source: str, target: str) -> None:
    """Replace all rows of the target, whose tables must be of the same migrations, by
    those of the source. All or nothing."""
    models = models_at(source, newest(source))
    with transaction.atomic(using=target):
        for model in models:
            _delete_all(model, target)
        for model in models:
            _copy_table(model, source, target)
        _reset_sequences(models, target)


def _copy_file(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(source)) as from_,
        closing(sqlite3.connect(target)) as to,
    ):
        try:
            from_.backup(to)
        except sqlite3.DatabaseError as error:
            raise DamagedDatabase(str(error)) from error


def _copy_into_file(source: str, target: Path) -> None:
    nodes = newest(source)
    with sqlite_beside(target, SNAPSHOT) as alias:
        if not nodes:
            return
        migrate_to(alias, nodes)
        with transaction.atomic(using=source):
            with connections[source].cursor() as cursor:
                # All tables as they are at one moment.
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            copy_rows(source, alias)


def _compact(path: Path) -> None:
    """Without sessions, and without anything in the unused parts of the file."""
    check(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        found = connection.execute(
            "SELECT 1 FROM sqlite_master WHERE name = ?", (SESSIONS,)
        ).fetchone()
        if found:
            connection.execute(f"DELETE FROM {SESSIONS}")  # noqa: S608 - a constant
        connection.execute("VACUUM")


def _delete_all(model: Any, alias: str) -> None:
    connection = connections[alias]
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - a table of ours


def _copy_table(model: Any, source: str, target: str) -> None:
    for field in model._meta.local_fields:
        # The model is a copy of ours: what was written then must stay.
        field.auto_now = field.auto_now_add = False
    rows = model._base_manager.using(source).order_by("pk")
    chunk: list[Any] = []
    for row in rows.iterator(chunk_size=CHUNK):
        chunk.append(row)
        if len(chunk) == CHUNK:
            model._base_manager.using(target).bulk_create(chunk)
            chunk = []
    model._base_manager.using(target).bulk_create(chunk)


def _reset_sequences(models: Iterable[Any], alias: str) -> None:
    connection = connections[alias]
    if connection.settings_dict["ENGINE"] == SQLITE:
        return
    with connection.cursor() as cursor:
        for line in connection.ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(line)
