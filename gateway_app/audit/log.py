"""Writing to the audit log, in the transaction of the change itself."""

from __future__ import annotations

import getpass
from collections.abc import Mapping

from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from structlog.contextvars import get_contextvars

from common.text_cleaning import clean_text
from gateway_app.access.principals import LOCAL, account_of, acting
from gateway_app.audit.models import Action, AuditEvent

__all__ = ["Action", "arecord", "record"]

MAX_DETAIL_CHARACTERS = 1_000


def record(actor: str, action: Action, subject: str, **details: str | int) -> None:
    """Add an event. `actor` is the id of a principal; `LOCAL.id` for a command.

    The client's address and the request's id are those of the request that is being
    handled. Call it in the transaction of the change: neither is then kept without the
    other. Raises Django's database errors.
    """
    context = get_contextvars()
    AuditEvent.objects.create(
        actor=_cut("actor", actor),
        actor_name=_cut("actor_name", _name_of(actor)),
        action=action.value,
        subject=_cut("subject", subject),
        details=_bounded(details),
        client=_cut("client", str(context.get("client", ""))),
        request_id=_cut("request_id", str(context.get("request_id", ""))),
    )


async def arecord(
    actor: str, action: Action, subject: str, **details: str | int
) -> None:
    """The same for asynchronous code, in a transaction of its own."""
    await database_sync_to_async(record)(actor, action, subject, **details)


def _name_of(actor: str) -> str:
    if actor == LOCAL.id:
        return _login_name()
    principal = acting()
    if principal is not None and principal.id == actor:
        return principal.name
    if (pk := account_of(actor)) is None:
        return ""
    user = get_user_model()._default_manager.filter(pk=pk).first()
    return user.get_username() if user is not None else ""


def _login_name() -> str:
    """Whose account of this machine runs the command; a container may have none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _cut(column: str, text: str) -> str:
    longest: int = AuditEvent._meta.get_field(column).max_length  # type: ignore[union-attr,assignment]
    return clean_text(text)[:longest]


def _bounded(details: Mapping[str, str | int]) -> dict[str, str | int]:
    return {
        name: clean_text(value)[:MAX_DETAIL_CHARACTERS]
        if isinstance(value, str)
        else value
        for name, value in details.items()
    }
