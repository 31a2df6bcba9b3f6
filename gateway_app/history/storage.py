"""Writing batches of history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction


class WaitingRow(Protocol):
    """Something that the history writes in its batches. Packages bring their own."""

    @property
    def created_at(self) -> datetime:
        """When it happened."""

    @property
    def principal(self) -> str:
        """Whose it is."""

    @property
    def client(self) -> str:
        """IP address of the client."""

    @property
    def request_id(self) -> str:
        """For the log."""

    @classmethod
    def write(cls, rows: Any, database: str) -> None:
        """Write rows of this class, within a transaction. Called again with the same
        rows after a failure. Raises Django's database errors."""


def write_rows(rows: Sequence[WaitingRow], *, database: str) -> None:
    """Write all or none. Raises Django's database errors."""
    with transaction.atomic(using=database):
        for kind in dict.fromkeys(type(row) for row in rows):
            kind.write([row for row in rows if type(row) is kind], database)
