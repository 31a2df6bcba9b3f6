"""A backup and its restore bring back everything, whatever database it came from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from gateway_app.models import Transcript
from tests.databases import another_database
from tests.project.storage.installation import VOICE, Installation
from tests.project.storage.old_database import lost, make_old_database, rows_of
from voiceproject.storage.archive import BadArchive
from voiceproject.storage.copying import DamagedDatabase
from voiceproject.storage.folder import FolderLock, Use
from voiceproject.storage.restore import CannotRestore, restore
from voiceproject.storage.schema import models_at, newest, sqlite_beside

DATABASE = "voice.sqlite3"


@contextmanager
def installed(folder: Path, name: str) -> Iterator[Installation]:
    installation = Installation(folder / name, name)
    with another_database("", installation.data, name):
        yield installation


@pytest.fixture
def first(tmp_path: Path, django_db_blocker: Any) -> Iterator[Installation]:
    with django_db_blocker.unblock(), installed(tmp_path, "first") as installation:
        yield installation


@pytest.fixture
def second(tmp_path: Path, django_db_blocker: Any) -> Iterator[Installation]:
    with django_db_blocker.unblock(), installed(tmp_path, "second") as installation:
        yield installation


def test_a_backup_of_a_running_server_comes_back_elsewhere(
    first: Installation, second: Installation, tmp_path: Path
) -> None:
    first.say("before")
    voice = first.add_voice(b"weights")
    with closing(sqlite3.connect(first.data / DATABASE)) as writer:
        writer.execute("BEGIN IMMEDIATE")  # a server in the middle of its work
        writer.execute("UPDATE gateway_app_transcript SET text = 'half'")
        archive = first.back_up(tmp_path / "backup.zip")
    first.say("after")
    assert archive.stat().st_mode & 0o777 == 0o600
    assert voice.exists()

    second.say("replaced")
    second.add_voice(b"other weights")
    done = restore(second.loaded, archive, database="second")
    assert second.texts() == ["before"]
    assert (second.voices / "amy" / VOICE).read_bytes() == b"weights"
    assert (second.data / "secret_key").read_text() == "key of first"
    assert second.configuration.read_text() == "# of second\n"
    assert done.configuration is not None
    assert done.configuration.read_text() == "# of first\n"
    assert (done.replaced / "secret_key").read_text() == "key of second"
    assert (done.replaced / "voices/amy" / VOICE).read_bytes() == b"other weights"
    with sqlite_beside(done.replaced / DATABASE, "replaced") as alias:
        kept = Transcript.objects.using(alias).values_list("text", flat=True)
        assert list(kept) == ["replaced"]
    assert not (second.data / "restoring").exists()


def test_it_replaces_the_configuration_when_asked_to(
    first: Installation, second: Installation, tmp_path: Path
) -> None:
    archive = first.back_up(tmp_path / "backup.zip")
    done = restore(second.loaded, archive, with_configuration=True, database="second")
    assert second.configuration.read_text() == "# of first\n"
    assert (done.replaced / "config.yaml").read_text() == "# of second\n"


def test_an_empty_installation_can_be_backed_up(
    second: Installation, tmp_path: Path
) -> None:
    empty = Installation(tmp_path / "empty", "empty")
    with sqlite_beside(empty.data / DATABASE, "empty"):
        archive = empty.back_up(tmp_path / "empty.zip")
    second.say("replaced")
    restore(second.loaded, archive, database="second")
    assert second.texts() == []


def test_a_backup_of_the_first_release_is_brought_up_to_date(
    second: Installation, tmp_path: Path
) -> None:
    old = Installation(tmp_path / "old", "old")
    path = make_old_database(old.data / DATABASE)
    with sqlite_beside(path, "old") as alias:
        before = rows_of(models_at(alias, newest(alias)), alias)
        archive = old.back_up(tmp_path / "old.zip")
    restore(second.loaded, archive, database="second")
    after = rows_of(models_at("second", newest("second")), "second")
    assert lost(before, after) == []


def test_sessions_are_left_out(second: Installation, tmp_path: Path) -> None:
    old = Installation(tmp_path / "old", "old")
    path = make_old_database(old.data / DATABASE)
    with sqlite_beside(path, "old"):
        archive = old.back_up(tmp_path / "old.zip")
    restore(second.loaded, archive, database="second")
    with connections["second"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session")
        assert cursor.fetchone() == (0,)


def test_it_never_overwrites_a_backup(first: Installation, tmp_path: Path) -> None:
    archive = first.back_up(tmp_path / "backup.zip")
    content = archive.read_bytes()
    with pytest.raises(FileExistsError):
        first.back_up(archive)
    assert archive.read_bytes() == content
    assert [path.name for path in tmp_path.glob("*backup*")] == ["backup.zip"]


def test_it_makes_no_backup_of_a_damaged_database(
    first: Installation, tmp_path: Path
) -> None:
    connections["first"].close()
    for path in first.data.glob(f"{DATABASE}*"):
        path.write_bytes(b"no database " * 1_000)
    with pytest.raises(DamagedDatabase):
        first.back_up(tmp_path / "backup.zip")
    assert not list(tmp_path.glob("*backup*"))


def test_a_damaged_database_is_replaced_and_kept(
    first: Installation, second: Installation, tmp_path: Path
) -> None:
    first.say("whole")
    archive = first.back_up(tmp_path / "backup.zip")
    connections["second"].close()
    (second.data / DATABASE).write_bytes(b"damaged")
    done = restore(second.loaded, archive, database="second")
    assert second.texts() == ["whole"]
    assert (done.replaced / DATABASE).read_bytes() == b"damaged"


def test_it_waits_for_no_server(
    first: Installation, second: Installation, tmp_path: Path
) -> None:
    second.say("still there")
    archive = first.back_up(tmp_path / "backup.zip")
    with (
        FolderLock(second.data, Use.SHARED),
        pytest.raises(CannotRestore, match=r"A server uses .* stop it first"),
    ):
        restore(second.loaded, archive, database="second")
    assert second.texts() == ["still there"]


def test_it_changes_nothing_for_a_backup_of_a_newer_version(
    first: Installation, second: Installation, tmp_path: Path
) -> None:
    with connections["first"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) "
            "VALUES ('gateway_app', '9999_later', '2027-01-01')"
        )
    archive = first.back_up(tmp_path / "backup.zip")
    second.say("still there")
    with pytest.raises(CannotRestore, match=r"newer version .*9999_later"):
        restore(second.loaded, archive, database="second")
    assert second.texts() == ["still there"]


def test_it_refuses_what_is_no_backup(second: Installation, tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    for content in (b"", b"PK\x03\x04 no archive"):
        other.write_bytes(content)
        with pytest.raises(BadArchive, match=r"other.zip is not a backup"):
            restore(second.loaded, other, database="second")
    with pytest.raises(BadArchive, match="No such file"):
        restore(second.loaded, tmp_path / "missing.zip", database="second")
