"""The admin's filter from one day to another, both included."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.utils import parse_date_str


class DayFilter(RangeDateFilter):  # type: ignore[misc]
    """Compares timestamps, not dates, so that the index on the time is used."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = self._day("from"), self._day("to")
        if first:
            queryset = queryset.filter(created_at__gte=_midnight(first))
        if last and last < date.max:
            after = _midnight(last) + timedelta(days=1)
            queryset = queryset.filter(created_at__lt=after)
        return queryset

    def _day(self, end: str) -> date | None:
        written = self.used_parameters.get(f"{self.parameter_name}_{end}")
        try:
            day = parse_date_str(written) if written else None
        except ValueError:
            return None
        return day.date() if isinstance(day, datetime) else day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
