"""Writing batches of history, and deleting what is old."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.utils import timezone

from common.config import Config
from gateway_app.models import HistoryEntry, Synthesis, Transcript

TABLES: tuple[type[HistoryEntry], ...] = (Transcript, Synthesis)
PRUNE_BATCH = 500


def prune_expired(
    config: Config, *, dry_run: bool = False, database: str = DEFAULT_DB_ALIAS
) -> dict[str, int]:
    """Delete rows of models that expire by their own rules; how many, by model.

    Every model with a `prune_expired` of its own takes part.
    """
    counts = {}
    for model in apps.get_models():
        if (prune := getattr(model, "prune_expired", None)) is not None:
            count = prune(config, dry_run=dry_run, database=database)
            counts[str(model._meta.verbose_name_plural)] = count
    return counts


@dataclass(frozen=True)
class Pruned:
    """How many rows were deleted, or would be."""

    transcripts: int
    syntheses: int

    @property
    def total(self) -> int:
        return self.transcripts + self.syntheses


def write_rows(rows: Sequence[HistoryEntry], *, database: str) -> None:
    """Insert all or none. Raises Django's database errors.

    An utterance that is transcribed again after a lost connection replaces its earlier
    row.
    """
    for row in rows:
        row.pk = None  # set by an earlier try that was rolled back
    heard = {row.request_id: row for row in rows if isinstance(row, Transcript)}
    spoken = [row for row in rows if isinstance(row, Synthesis)]
    with transaction.atomic(using=database):
        transcripts = Transcript.objects.using(database)
        transcripts.filter(request_id__in=heard).delete()
        transcripts.bulk_create(heard.values())
        Synthesis.objects.using(database).bulk_create(spoken)


def prune_history(
    days: int,
    *,
    dry_run: bool = False,
    batch: int = PRUNE_BATCH,
    database: str = DEFAULT_DB_ALIAS,
    after_batch: Callable[[], None] = lambda: None,
) -> Pruned:
    """Delete what is older than `days`, one batch per transaction.

    `after_batch` is called after each batch, for callers with other work.
    """
    oldest = timezone.now() - timedelta(days=days)
    counts = []
    for table in TABLES:
        old = table._default_manager.using(database).filter(created_at__lt=oldest)
        if dry_run:
            counts.append(old.count())
            continue
        deleted = 0
        # Short transactions, so that writers never wait long.
        while ids := list(old.order_by("created_at").values_list("pk")[:batch]):
            deleted += old.filter(pk__in=[pk for (pk,) in ids]).delete()[0]
            after_batch()
        counts.append(deleted)
    if sum(counts) and not dry_run:
        _truncate_write_ahead_log(database)
    return Pruned(*counts)


def _truncate_write_ahead_log(database: str) -> None:
    """SQLite keeps deleted pages in its log until a checkpoint moves them."""
    connection = connections[database]
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
