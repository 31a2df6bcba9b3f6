"""What the admin changes, as audit events."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import models
from django.http import HttpRequest

from gateway_app.access.principals import user_id
from gateway_app.audit.log import Action, record

MAX_SINGLE_DELETIONS = 20
"""More objects that are deleted together become one event with their number."""


def actor_of(request: HttpRequest) -> str:
    """The signed-in user of an admin page."""
    return user_id(request.user)


def subject_of(row: models.Model) -> str:
    """A row as an audit event names it: `transcript:12`, or by its unique name."""
    kind = row._meta.model_name
    return f"{kind}:{getattr(row, 'audit_name', None) or row.pk}"


def record_addition(request: HttpRequest, row: models.Model) -> None:
    """Somebody added the row in the admin."""
    record(actor_of(request), Action.CREATED, subject_of(row), name=str(row))


def record_change(request: HttpRequest, row: models.Model, message: Any) -> None:
    """Somebody changed the row in the admin. `message` is Django's."""
    record(
        actor_of(request),
        Action.CHANGED,
        subject_of(row),
        name=str(row),
        fields=changed_fields(message),
    )


def record_changes(
    request: HttpRequest, rows: Iterable[models.Model], **details: str | int
) -> None:
    """Somebody changed each of these rows with one action of a list."""
    for row in rows:
        record(actor_of(request), Action.CHANGED, subject_of(row), **details)


def record_deletions(
    request: HttpRequest, rows: models.QuerySet[Any] | Collection[models.Model]
) -> None:
    """Somebody is about to delete the rows in the admin."""
    chosen = list(rows)
    if len(chosen) <= MAX_SINGLE_DELETIONS:
        for row in chosen:
            record(actor_of(request), Action.DELETED, subject_of(row), name=str(row))
        return
    kind = str(chosen[0]._meta.model_name)
    pks = ", ".join(str(row.pk) for row in chosen)
    record(actor_of(request), Action.DELETED, kind, count=len(chosen), ids=pks)


def changed_fields(message: Any) -> str:
    """The names of the fields in a message of Django's admin; the message itself if it
    is one already, as for a new password."""
    if isinstance(message, str):
        return message
    changes = [entry.get("changed", {}) for entry in message or ()]
    return ", ".join(field for change in changes for field in change.get("fields", ()))
