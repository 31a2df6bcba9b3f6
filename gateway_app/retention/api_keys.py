"""The API keys of the database, as one kind of what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models

from gateway_app.keys.models import ApiKey, KeySecret
from gateway_app.retention.people import Person
from gateway_app.retention.tables import exported


@dataclass(frozen=True)
class KeptKeys:
    """A key with its name, without its secrets."""

    database: str = DEFAULT_DB_ALIAS
    name: str = "API keys"
    setting: str = ""
    kept_for: timedelta | None = None
    tables: tuple[type[models.Model], ...] = (ApiKey, KeySecret)
    stays: str = (
        "a key gives access and is no record: delete it with `manage.py keys delete`"
    )

    def expired(self, before: datetime) -> int:
        return 0

    def prune(self, before: datetime, after_batch: Callable[[], bool]) -> int:
        return 0

    def count(self, person: Person) -> int:
        return self._of(person).count()

    def export(self, person: Person) -> Iterator[dict[str, Any]]:
        return exported(self._of(person))

    def forget(self, person: Person, pseudonym: str) -> int:
        return 0

    def _of(self, person: Person) -> models.QuerySet[ApiKey]:
        keys = ApiKey._base_manager.using(self.database)
        return keys.filter(principal__in=sorted(person.principals))
