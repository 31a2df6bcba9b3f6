"""`manage.py prune` deletes what is old, of each kind, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from common.config import Config
from gateway_app.audit.models import AuditEvent
from gateway_app.models import Synthesis, Transcript
from gateway_app.retention import kept
from gateway_app.retention.pruning import prune
from tts_app.models import Conversation
from voiceproject.storage.kinds import kept_data

CANARY = "nobody may read this canary again"


def add(table: Any, days: float, **values: Any) -> None:
    moment = timezone.now() - timedelta(days=days)
    table.objects.create(created_at=moment, **values)


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("prune", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_it_deletes_each_kind_at_its_own_age() -> None:
    add(Transcript, 31)
    add(Transcript, 29, request_id="kept")
    add(Synthesis, 31)
    add(AuditEvent, 366)
    add(AuditEvent, 364)
    now = timezone.now()
    for name, hours in (("old", 1), ("new", 0)):
        moment = now - timedelta(hours=hours)
        Conversation.objects.create(conversation_id=name, updated_at=moment)
        Session.objects.create(
            session_key=name, expire_date=moment + timedelta(minutes=30)
        )
    told = said()
    for line in ("1 transcript", "1 synthesis", "1 audit event", "1 conversation"):
        assert f"Deleted {line}." in told
    assert "Deleted 1 sign-in session." in told
    assert "Deleted 0 days of usage." in told
    assert Transcript.objects.get().request_id == "kept"
    assert Conversation.objects.get().conversation_id == "new"
    assert Session.objects.get().session_key == "new"
    assert not Synthesis.objects.exists()
    assert AuditEvent.objects.latest().action == "pruned"
    assert AuditEvent.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_it_deletes_nothing_in_a_dry_run() -> None:
    add(Transcript, 31)
    assert "Would delete 1 transcript." in said("--dry-run")
    assert Transcript.objects.count() == 1
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_takes_another_age_for_one_kind() -> None:
    add(Transcript, 3)
    add(Synthesis, 3)
    said("--kind", "transcripts", "--days", "2")
    assert (Transcript.objects.count(), Synthesis.objects.count()) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--kind", "transcripts", "--days", "-1"), "0 or more"),
        (("--days", "1"), "needs --kind"),
        (("--kind", "letters"), "must be one of: transcripts"),
        (("--kind", "accounts"), "must be one of: transcripts"),
    ],
)
def test_it_refuses_what_it_does_not_know(
    arguments: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        said(*arguments)


def test_a_kind_may_be_kept_for_ever_and_another_not() -> None:
    config = Config(history_retention_days=0, synthesis_retention_days=7)
    assert config.transcripts_kept is None
    assert config.syntheses_kept == timedelta(days=7)


@pytest.mark.django_db(transaction=True)
def test_it_deletes_in_batches_and_stops_when_told_to() -> None:
    for _ in range(2 * kept.BATCH):
        add(Transcript, 31)
    left: list[int] = []

    def after_batch() -> bool:
        left.append(Transcript.objects.count())
        return len(left) < 1

    counts = prune(kept_data(Config()), after_batch=after_batch)
    assert (counts["transcripts"], left[0]) == (kept.BATCH, kept.BATCH)


def test_it_empties_the_write_ahead_log(file_database: str, tmp_path: Path) -> None:
    moment = timezone.now() - timedelta(days=31)
    Transcript.objects.using(file_database).create(created_at=moment, text=CANARY)

    def seen() -> bool:
        files = tmp_path.glob("voice.sqlite3*")
        return any(CANARY.encode() in path.read_bytes() for path in files)

    assert seen()
    prune(kept_data(Config(), file_database), database=file_database)
    assert not seen()
