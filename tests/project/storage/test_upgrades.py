"""A database of the first release comes through every migration with all its rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.project.storage.old_database import lost, make_old_database, rows_of
from voiceproject.storage.schema import (
    migrate_to,
    models_at,
    newest,
    sqlite_beside,
    unknown_migrations,
)


@pytest.fixture
def old(tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    """Its alias."""
    path = make_old_database(tmp_path / "voice.sqlite3")
    with django_db_blocker.unblock(), sqlite_beside(path, "old") as alias:
        yield alias


def test_it_keeps_every_row_forwards_and_backwards(old: str) -> None:
    first = newest(old)
    models = models_at(old, first)
    before = rows_of(models, old)
    assert all(before.values())
    assert len(before["gateway_app.Transcript"]) == 4
    call_command("migrate", database=old, verbosity=0)
    assert newest(old) != first
    assert lost(before, rows_of(models_at(old, newest(old)), old)) == []
    migrate_to(old, first)
    assert newest(old) == first
    assert rows_of(models, old) == before


def test_it_knows_the_migrations_of_a_newer_version() -> None:
    applied = [("gateway_app", "0001_history"), ("gateway_app", "9999_later")]
    others = [("someone_elses_app", "0001_initial")]
    assert unknown_migrations([*applied, *others]) == ["gateway_app.9999_later"]
