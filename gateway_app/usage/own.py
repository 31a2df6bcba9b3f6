"""What one caller is told of its own usage."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from channels.db import database_sync_to_async
from django.db import Error as DatabaseFailure

from gateway_app.access.authentication import AccessControl
from gateway_app.access.principals import Principal
from gateway_app.access.quotas import Allowance
from gateway_app.usage.accounts import Resource
from gateway_app.usage.meter import FIELDS, Meter
from gateway_app.usage.storage import Amounts, Line, amounts_on

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 2.0


async def own_usage(
    access: AccessControl, meter: Meter, principal: Principal, client: str
) -> dict[str, Any]:
    """The fields of `UsageOut`. What other processes have not written to the database
    yet, a few seconds of it, is missing from `used`."""
    account, quotas = meter.account(principal, client), meter.quotas
    requests = await access.allowance(principal, client)
    left: dict[str, Allowance | None] = {"requests_per_minute": requests}
    for quota, field in FIELDS.items():
        left[field] = await account.allowance(quota)
    return {
        "day": quotas.today,
        "resets_in_seconds": round(quotas.seconds_left()),
        "used": await _used(meter, account.line),
        "limits": {
            "sessions": principal.limits.sessions,
            **{name: each.limit if each else None for name, each in left.items()},
        },
        "left": {name: each.remaining if each else None for name, each in left.items()},
    }


async def _used(meter: Meter, line: Line) -> Amounts:
    waiting, stored = meter.ledger.waiting(line), await _stored(line)
    return {
        column.value: round(stored.get(column, 0) + waiting.get(column, 0), 3)
        for column in Resource
    }


async def _stored(line: Line) -> Amounts:
    reading = database_sync_to_async(amounts_on)(line)
    try:
        stored: Amounts = await asyncio.wait_for(reading, PATIENCE_SECONDS)
    except (TimeoutError, DatabaseFailure) as error:
        # What is waiting is known all the same.
        log.warning("usage not read", reason=str(error))
        return {}
    return stored
