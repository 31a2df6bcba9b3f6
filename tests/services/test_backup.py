"""Backups go from SQLite to PostgreSQL and back, and old rows through every migration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections

from gateway_app.models import Transcript
from tests.databases import another_database
from tests.project.storage.installation import Installation
from tests.project.storage.old_database import lost, make_old_database, rows_of
from voiceproject.storage.copying import copy_rows
from voiceproject.storage.restore import CannotRestore, restore
from voiceproject.storage.schema import migrate_to, models_at, newest, sqlite_beside

pytestmark = pytest.mark.services


@pytest.fixture
def fresh(fresh_url: str, tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    """The alias of a migrated PostgreSQL that nobody else uses."""
    with (
        django_db_blocker.unblock(),
        another_database(fresh_url, tmp_path, "fresh") as alias,
    ):
        yield alias


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Installation]:
    """An installation of the first release."""
    installation = Installation(tmp_path / "old", "old")
    path = make_old_database(installation.data / "voice.sqlite3")
    with sqlite_beside(path, "old"):
        yield installation


def rows(alias: str) -> dict[str, Any]:
    return rows_of(models_at(alias, newest(alias)), alias)


def test_a_backup_goes_to_postgres_and_back(
    old: Installation, fresh: str, tmp_path: Path
) -> None:
    before = rows("old")
    archive = old.back_up(tmp_path / "old.zip")
    served = Installation(tmp_path / "served", fresh)
    served.say("replaced")
    done = restore(served.loaded, archive, database=fresh)
    assert lost(before, rows(fresh)) == []
    with sqlite_beside(done.replaced / "voice.sqlite3", "replaced") as alias:
        texts = Transcript.objects.using(alias).values_list("text", flat=True)
        assert list(texts) == ["replaced"]
    served.say("new")  # with an id that no other row has
    assert len(served.texts()) == 5

    back = Installation(tmp_path / "back", "back")
    with another_database("", back.data, "back"):
        archive = served.back_up(tmp_path / "served.zip")
        restore(back.loaded, archive, database="back")
        assert rows("back") == rows(fresh)


def test_it_restores_nothing_while_others_are_connected(
    old: Installation, fresh: str, fresh_url: str, tmp_path: Path
) -> None:
    archive = old.back_up(tmp_path / "old.zip")
    served = Installation(tmp_path / "served", fresh)
    served.say("still there")
    with (
        psycopg.connect(fresh_url),
        pytest.raises(CannotRestore, match="1 other connections use the database"),
    ):
        restore(served.loaded, archive, database=fresh)
    assert served.texts() == ["still there"]


def test_rows_of_the_first_release_come_through_every_migration(
    old: Installation, fresh: str
) -> None:
    first = newest("old")
    migrate_to(fresh, first)
    copy_rows("old", fresh)
    before = rows(fresh)
    assert before == rows("old")
    call_command("migrate", database=fresh, verbosity=0)
    assert lost(before, rows(fresh)) == []
    migrate_to(fresh, first)
    assert rows(fresh) == before
    connections[fresh].close()
