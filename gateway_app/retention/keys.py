"""API keys of the database: named by people, and kept when their use is forgotten."""

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
    """A key and when its secrets were used; the secrets themselves are not stored."""

    database: str = DEFAULT_DB_ALIAS
    name: str = "API keys"
    setting: str = ""
    kept_for: timedelta | None = None
    tables: tuple[type[models.Model], ...] = (ApiKey, KeySecret)
    stays: str = (
        "a key gives access and is no record: revoke it with `manage.py keys`, and "
        "delete it in the admin"
    )

    def expired(self, before: datetime) -> int:
        return 0

    def prune(self, before: datetime, after_batch: Callable[[], bool]) -> int:
        return 0

    def count(self, person: Person) -> int:
        return self._of(person).count()

    def export(self, person: Person) -> Iterator[dict[str, Any]]:
        for key in self._of(person):
            (plain,) = exported(self._rows.filter(pk=key.pk))
            secrets = KeySecret._base_manager.using(self.database).filter(key=key)
            yield {
                **plain,
                "secrets": list(exported(secrets, hidden=("digest", "key"))),
            }

    def forget(self, person: Person, pseudonym: str) -> int:
        return 0

    def _of(self, person: Person) -> models.QuerySet[ApiKey]:
        return self._rows.filter(principal__in=sorted(person.principals))

    @property
    def _rows(self) -> models.QuerySet[ApiKey]:
        return ApiKey._base_manager.using(self.database)
