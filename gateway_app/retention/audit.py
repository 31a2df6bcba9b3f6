"""The audit log, which keeps what was done but not whose name it was done under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q

from gateway_app.audit.admin_changes import subject_of
from gateway_app.audit.models import AuditEvent
from gateway_app.keys.models import ApiKey
from gateway_app.retention.people import Person
from gateway_app.retention.tables import CHUNK, KeptRows, addresses_in


@dataclass(frozen=True)
class KeptAudit(KeptRows):
    """Events stay until they are too old, because they say what happened to the server.
    Forgetting replaces the person in them by a pseudonym, and empties the address."""

    def forget(self, person: Person, pseudonym: str) -> int:
        names, count = self._names(person), 0
        for event in self._of(person).order_by("pk").iterator(chunk_size=CHUNK):
            _rename(event, names, pseudonym)
            if event.actor == pseudonym or person.owns("", event.client):
                event.client = ""
            event.save(using=self.database)
            count += 1
        return count

    def _of(self, person: Person) -> models.QuerySet[Any]:
        names = sorted(self._names(person))
        theirs = Q(actor__in=names) | Q(actor_name__in=names) | Q(subject__in=names)
        for name in names:
            theirs |= Q(details__accounts__icontains=name)
        if person.networks:
            addresses = addresses_in(self._rows, "client", person.networks)
            theirs |= Q(client__in=sorted(addresses))
        return self._rows.filter(theirs)

    def _names(self, person: Person) -> set[str]:
        """How the log calls the person: by id, accounts and keys also by name."""
        keys = ApiKey._base_manager.using(self.database)
        theirs = keys.filter(principal__in=sorted(person.principals))
        key_names = [key.audit_name for key in theirs]
        users = get_user_model()._base_manager.using(self.database)
        accounts = users.filter(pk__in=sorted(person.user_ids))
        return {
            *person.holders,
            *key_names,
            *(subject_of(key) for key in theirs),
            *(user.get_username() for user in accounts),
        }


def _rename(event: AuditEvent, names: set[str], pseudonym: str) -> None:
    if event.actor in names or event.actor_name in names:
        event.actor, event.actor_name = pseudonym, ""
    if event.subject in names:
        event.subject = pseudonym
    event.details = {
        key: _renamed(value, names, pseudonym) for key, value in event.details.items()
    }


def _renamed(value: Any, names: set[str], pseudonym: str) -> Any:
    """A detail may list several accounts."""
    if not isinstance(value, str):
        return value
    parts = value.split(", ")
    return ", ".join(pseudonym if part in names else part for part in parts)
