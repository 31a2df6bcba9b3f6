"""Tables whose rows belong to a principal or an address, and grow old."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.serializers.python import Serializer
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Q

from gateway_app.access.quotas import network
from gateway_app.retention.kept import NeverPruned, delete_in_batches
from gateway_app.retention.people import Person

CHUNK = 500


@dataclass(frozen=True)
class KeptRows:
    """The rows of one table. Fields in `hidden` are never exported."""

    name: str
    singular: str
    model: type[models.Model]
    setting: str
    kept_for: timedelta | None
    time: str = "created_at"
    principal: str = "principal"
    client: str = ""
    """The field with the address, if there is one."""
    hidden: Collection[str] = ()
    parts: tuple[type[models.Model], ...] = ()
    """Tables of rows that go with these."""
    database: str = DEFAULT_DB_ALIAS
    stays: str = ""

    @property
    def tables(self) -> tuple[type[models.Model], ...]:
        return (self.model, *self.parts)

    def expired(self, before: datetime) -> int:
        return self._older(before).count()

    def prune(self, before: datetime, after_batch: Callable[[], bool]) -> int:
        return delete_in_batches(self._older(before), after_batch)

    def count(self, person: Person) -> int:
        return self._of(person).count()

    def export(self, person: Person) -> Iterator[dict[str, Any]]:
        return exported(self._of(person), self.hidden)

    def forget(self, person: Person, pseudonym: str) -> int:
        return delete_in_batches(self._of(person))

    def _older(self, before: datetime) -> models.QuerySet[Any]:
        field = self.model._meta.get_field(self.time)
        is_day = isinstance(field, models.DateField) and not isinstance(
            field, models.DateTimeField
        )
        moment = before.date() if is_day else before
        return self._rows.filter(**{f"{self.time}__lt": moment})

    def _of(self, person: Person) -> models.QuerySet[Any]:
        theirs = Q(**{f"{self.principal}__in": sorted(person.holders)})
        if self.client and person.networks:
            addresses = addresses_in(self._rows, self.client, person.networks)
            theirs |= Q(**{f"{self.client}__in": sorted(addresses)})
        return self._rows.filter(theirs)

    @property
    def _rows(self) -> models.QuerySet[Any]:
        return self.model._base_manager.using(self.database)


@dataclass(frozen=True)
class KeptAccess(NeverPruned, KeptRows):
    """Rows that give access and are no record: counted and exported only."""

    def forget(self, person: Person, pseudonym: str) -> int:
        return 0


def exported(
    rows: models.QuerySet[Any], hidden: Collection[str] = ()
) -> Iterator[dict[str, Any]]:
    """The rows as JSON can hold them, oldest first, read in chunks."""
    names = [f.name for f in rows.model._meta.fields if f.name not in hidden]
    for row in rows.order_by("pk").iterator(chunk_size=CHUNK):
        (plain,) = Serializer().serialize([row], fields=names)
        yield plain["fields"]


def addresses_in(
    rows: models.QuerySet[Any], field: str, networks: Collection[str]
) -> set[str]:
    """How addresses of these networks are written in the table."""
    found = set(networks)
    # An IPv6 /64 has many addresses, and IPv4 may be written as IPv6.
    written = rows.filter(**{f"{field}__contains": ":"}).order_by(field)
    for (address,) in written.values_list(field).distinct().iterator(CHUNK):
        if network(address) in networks:
            found.add(address)
    return found
