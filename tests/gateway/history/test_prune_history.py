"""`prune_history` forgets what is old, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from gateway_app.history.storage import prune_history
from gateway_app.models import Synthesis, Transcript
from tests.databases import another_database

CANARY = "nobody may read this canary again"


def add(table: Any, days: float, **values: Any) -> None:
    moment = timezone.now() - timedelta(days=days)
    table.objects.create(created_at=moment, **values)


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("prune_history", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_it_deletes_what_is_older_than_the_retention() -> None:
    add(Transcript, 31)
    add(Transcript, 29, request_id="kept")
    add(Synthesis, 31)
    assert "Deleted 1 transcripts and 1 syntheses" in said()
    assert Transcript.objects.get().request_id == "kept"
    assert not Synthesis.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_deletes_nothing_in_a_dry_run() -> None:
    add(Transcript, 31)
    assert "Would delete 1 transcripts" in said("--dry-run")
    assert Transcript.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_takes_an_age_in_days() -> None:
    add(Transcript, 3)
    said("--days", "2")
    assert not Transcript.objects.exists()


def test_it_refuses_an_age_below_zero() -> None:
    with pytest.raises(CommandError, match="--days"):
        said("--days", "-1")


@pytest.mark.django_db(transaction=True)
def test_it_deletes_in_batches() -> None:
    for _ in range(7):
        add(Transcript, 31)
    batches: list[int] = []
    pruned = prune_history(
        30, batch=3, after_batch=lambda: batches.append(Transcript.objects.count())
    )
    assert (pruned.transcripts, batches) == (7, [4, 1, 0])


@pytest.fixture
def file_database(tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock(), another_database("", tmp_path) as alias:
        yield alias


def test_it_leaves_no_trace_on_the_disk(file_database: str, tmp_path: Path) -> None:
    moment = timezone.now() - timedelta(days=31)
    Transcript.objects.using(file_database).create(created_at=moment, text=CANARY)
    assert any(CANARY.encode() in path.read_bytes() for path in files(tmp_path))
    prune_history(30, database=file_database)
    assert not any(CANARY.encode() in path.read_bytes() for path in files(tmp_path))


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("voice.sqlite3*"))


def test_it_keeps_writers_and_readers_apart(file_database: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "voice.sqlite3") as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()
