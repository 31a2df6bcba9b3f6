"""Adding to the rows of usage, and reading them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import F

from gateway_app.access.principals import ANONYMOUS
from gateway_app.access.quotas import address_holder, holder_of
from gateway_app.usage.accounts import Quota, Resource
from gateway_app.usage.models import UsageDay

Amounts = dict[str, float]
"""By column."""


class Line(NamedTuple):
    """One caller and day."""

    day: date
    principal: str
    client: str


def write_lines(lines: Mapping[Line, Amounts], *, database: str) -> None:
    """Add all or nothing to the rows. Raises Django's database errors."""
    with transaction.atomic(using=database):
        # Always in the same order, so that two processes cannot wait for each other.
        for line in sorted(lines):
            _add(line, lines[line], database)


def _add(line: Line, amounts: Amounts, database: str) -> None:
    more = {column: F(column) + amount for column, amount in amounts.items()}
    row = UsageDay.objects.using(database).filter(**line._asdict())
    if row.update(**more):
        return
    try:
        with transaction.atomic(using=database):
            UsageDay(**line._asdict(), **amounts).save(using=database)
    except IntegrityError:  # another process was faster
        row.update(**more)


def used_on(day: date, *, database: str) -> list[tuple[Quota, str, float]]:
    """What each holder used of that day's quotas."""
    found = []
    for row in UsageDay.objects.using(database).filter(day=day):
        holder = _holder(row)
        tokens = row.llm_tokens_in + row.llm_tokens_out
        found.append((Quota.AUDIO_IN, holder, row.audio_in_seconds))
        found.append((Quota.AUDIO_OUT, holder, row.audio_out_seconds))
        found.append((Quota.LLM_TOKENS, holder, float(tokens)))
    return found


def amounts_on(line: Line) -> Amounts:
    """What is stored of one caller's use of one day."""
    rows = UsageDay.objects.filter(**line._asdict())
    row = rows.values(*(resource.value for resource in Resource)).first()
    return dict(row) if row is not None else {}


def _holder(row: UsageDay) -> str:
    if row.principal == ANONYMOUS.id or not row.client:
        return holder_of(row.principal, row.client)
    return address_holder(row.client)
