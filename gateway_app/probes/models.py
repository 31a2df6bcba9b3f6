"""What the health check writes."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """One row, written again and again to see whether the database takes writes."""

    ONLY = 1
    """The key of the row."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    written_at = models.DateTimeField()

    objects: models.Manager[Heartbeat] = models.Manager()

    def __str__(self) -> str:
        return f"{self.written_at}"
