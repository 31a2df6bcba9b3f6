"""What the dashboard counts; every query is bounded or answered by an index alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import CharField, Count, QuerySet
from django.db.models.functions import Cast, Substr

from gateway_app.models import HistoryEntry, Status, Synthesis, Transcript
from gateway_app.monitor.recent import percentile
from gateway_app.monitor.stages import stage_name

DAYS = 7
NEWEST_FOR_LATENCY = 5_000
"""Percentiles cover at most this many of the newest requests."""
LATEST_ERRORS = 6
TABLES: tuple[type[HistoryEntry], ...] = (Transcript, Synthesis)

Hours = Counter[str]
"""How many in each hour; an hour is written "2026-11-24 05"."""


@dataclass(frozen=True)
class Latency:
    """One stage over the newest requests."""

    name: str
    count: int
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True)
class Figures:
    """All figures of the dashboard."""

    requests: dict[type[HistoryEntry], Hours]
    errors: Hours
    latencies: list[Latency]
    latest_errors: list[HistoryEntry]

    def count(self, hours: Sequence[str], table: type[HistoryEntry]) -> int:
        return sum(self.requests[table][hour] for hour in hours)

    def count_all(self, hours: Sequence[str]) -> int:
        return sum(self.count(hours, table) for table in TABLES)

    def count_errors(self, hours: Sequence[str]) -> int:
        return sum(self.errors[hour] for hour in hours)


def hour_of(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H")


def hours_of(day: datetime) -> list[str]:
    """The 24 hours of the day that begins then."""
    return [hour_of(day + timedelta(hours=hour)) for hour in range(24)]


def figures_since(since: datetime) -> Figures:
    """What happened from then on; `since` must be the start of an hour, in UTC."""
    recent = {
        table: table._default_manager.filter(created_at__gte=since).order_by()
        for table in TABLES
    }
    failed = {
        table: rows.filter(status=Status.ERROR.value) for table, rows in recent.items()
    }
    errors: Hours = Counter()
    for rows in failed.values():
        errors.update(_by_hour(rows))
    return Figures(
        requests={table: _by_hour(rows) for table, rows in recent.items()},
        errors=errors,
        latencies=[one for rows in recent.values() for one in _latencies(rows)],
        latest_errors=_latest(list(failed.values())),
    )


def _by_hour(rows: QuerySet[HistoryEntry]) -> Hours:
    # Django's TruncHour is a Python function on SQLite, 20 times as slow; the
    # stored times are UTC and begin with the date and the hour everywhere.
    hour = Substr(Cast("created_at", CharField()), 1, 13)
    counted = rows.annotate(hour=hour).values_list("hour").annotate(count=Count("pk"))
    return Counter(dict(counted))


def _latencies(rows: QuerySet[HistoryEntry]) -> list[Latency]:
    columns = rows.model.STAGE_COLUMNS
    newest = rows.order_by("-created_at").values_list(*columns)[:NEWEST_FOR_LATENCY]
    series = zip(*newest, strict=True)
    found = []
    for column, values in zip(columns, series, strict=False):
        ordered = sorted(value for value in values if value is not None)
        if ordered:
            p50, p95 = (percentile(ordered, share) for share in (0.50, 0.95))
            name = stage_name(column.removesuffix("_ms"))
            found.append(Latency(name, len(ordered), p50, p95))
    return found


def _latest(failed: Sequence[QuerySet[HistoryEntry]]) -> list[HistoryEntry]:
    found = [
        row for rows in failed for row in rows.order_by("-created_at")[:LATEST_ERRORS]
    ]
    found.sort(key=lambda row: row.created_at, reverse=True)
    return found[:LATEST_ERRORS]
