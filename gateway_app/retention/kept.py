"""What every kind of stored data can do: be counted, exported, forgotten and pruned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import models, transaction

from gateway_app.retention.people import Person

BATCH = 500
"""Rows deleted in one transaction, so that writers never wait long."""


class Kept(Protocol):
    """One kind of data. Each package has a list of its own; retention, `forget` and
    `export` walk through all of them."""

    @property
    def name(self) -> str:
        """In the plural, for people: `transcripts`."""

    @property
    def singular(self) -> str:
        """The same for one of them: `transcript`."""

    @property
    def setting(self) -> str:
        """The setting that bounds its age; empty if it is deleted by hand only."""

    @property
    def kept_for(self) -> timedelta | None:
        """From its last change; None keeps it."""

    @property
    def tables(self) -> tuple[type[models.Model], ...]:
        """Where its rows are; none outside the database."""

    @property
    def stays(self) -> str:
        """Why `forget` leaves it; empty if it does not."""

    def expired(self, before: datetime) -> int:
        """How many are older."""

    def prune(self, before: datetime, after_batch: Callable[[], bool]) -> int:
        """Delete what is older, in batches; how many. `after_batch` says whether to
        go on."""

    def count(self, person: Person) -> int:
        """How many belong to this person."""

    def export(self, person: Person) -> Iterator[dict[str, Any]]:
        """What belongs to this person, as JSON can hold it; no secrets."""

    def forget(self, person: Person, pseudonym: str) -> int:
        """Delete what belongs to this person; or, where a record of what was done
        must stay, replace the name by the pseudonym. How many were changed."""


def words_for(count: int, kind: Kept) -> str:
    """What so many of this kind are called."""
    return kind.singular if count == 1 else kind.name


def counted(count: int, kind: Kept) -> str:
    """The number with its words: `1 transcript`."""
    return f"{count} {words_for(count, kind)}"


class NeverPruned:
    """For kinds that expire by themselves, or that people delete by hand."""

    def expired(self, before: datetime) -> int:
        return 0

    def prune(self, before: datetime, after_batch: Callable[[], bool]) -> int:
        return 0


def go_on() -> bool:
    """For a caller that sets no limit."""
    return True


def delete_in_batches(
    rows: models.QuerySet[Any], after_batch: Callable[[], bool] = go_on
) -> int:
    """Delete these rows, one batch per transaction, until all are gone or
    `after_batch` says no; how many."""
    deleted, ordered = 0, rows.order_by("pk")
    while ids := list(ordered.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic(using=rows.db):
            batch = rows.model._base_manager.using(rows.db).filter(pk__in=ids)
            deleted += batch.delete()[1].get(rows.model._meta.label, 0)
        if not after_batch():
            break
    return deleted
