"""Wrong keys and passwords in the audit log, counted by address and minute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.db import Error as DatabaseFailure
from django.utils import timezone

from common.metrics import FAILED_LOGINS
from common.text_cleaning import clean_text
from gateway_app.access.principals import ANONYMOUS
from gateway_app.access.quotas import Kind, network
from gateway_app.audit.models import Action, AuditEvent

log = structlog.get_logger(__name__)

MAX_ADDRESSES = 20
"""Maximum number of rows in a minute; further addresses share one row, so that a flood
cannot fill the table."""
MAX_ACCOUNTS = 5
"""Names of accounts that one row lists."""
WRITE_SECONDS = 5.0
OTHERS = "others"


@dataclass
class _Row:
    """The failures of one address in one minute."""

    minute: datetime
    kind: str
    client: str
    count: int = 0
    names: set[str] = field(default_factory=set)
    pk: int | None = None
    unwritten: bool = True


class FailureLog:
    """Counts in memory and writes every few seconds, so that an attempt costs nothing.

    A name that was tried is recorded only if there is such an account: some people type
    their password there.
    """

    def __init__(self, now: Callable[[], datetime] = timezone.now) -> None:
        self._now = now
        self._rows: dict[tuple[datetime, str, str], _Row] = {}
        self._writer: asyncio.Task[None] | None = None

    def failed(self, kind: Kind, address: str, account: str = "") -> None:
        """Somebody presented a wrong key or password. Called on the event loop."""
        FAILED_LOGINS.labels(kind.value).inc()
        row = self._row(self._now().replace(second=0, microsecond=0), kind, address)
        row.count += 1
        row.unwritten = True
        if account and len(row.names) < MAX_ACCOUNTS:
            row.names.add(clean_text(account)[:150])
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_soon())

    async def stop(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.cancel()
            self._writer = None
        await self._write()

    def _row(self, minute: datetime, kind: Kind, address: str) -> _Row:
        this_minute = sum(key[0] == minute for key in self._rows)
        key = (minute, kind.value, network(address))
        if key not in self._rows and this_minute >= MAX_ADDRESSES:
            key = (minute, kind.value, OTHERS)
        return self._rows.setdefault(key, _Row(*key))

    async def _write_soon(self) -> None:
        while any(row.unwritten for row in self._rows.values()):
            await asyncio.sleep(WRITE_SECONDS)
            await self._write()

    async def _write(self) -> None:
        rows = [row for row in self._rows.values() if row.unwritten]
        try:
            await database_sync_to_async(_write_rows)(rows)
        except DatabaseFailure as error:
            log.warning("failures not recorded", reason=type(error).__name__)
        minute = self._now().replace(second=0, microsecond=0)
        self._rows = {key: row for key, row in self._rows.items() if key[0] == minute}


def _write_rows(rows: list[_Row]) -> None:
    for row in rows:
        details: dict[str, Any] = {"count": row.count}
        if accounts := _accounts(row.names):
            details["accounts"] = ", ".join(accounts)
        event, _ = AuditEvent.objects.update_or_create(
            pk=row.pk,
            defaults={
                "created_at": row.minute,
                "actor": ANONYMOUS.id,
                "action": Action.SIGN_IN_FAILED.value,
                "subject": row.kind,
                "details": details,
                "client": row.client,
            },
        )
        row.pk, row.unwritten = event.pk, False


def _accounts(names: set[str]) -> list[str]:
    users = get_user_model()._default_manager.filter(username__in=names)
    return sorted(users.values_list("username", flat=True))
