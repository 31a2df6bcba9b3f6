"""Writing batches of history."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from gateway_app.models import HistoryEntry, Synthesis, Transcript


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
