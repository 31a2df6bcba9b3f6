"""A time in the future, as a person writes it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "y": 365.0}
_SPAN = re.compile(r"(\d{1,5})([hdwy])")


def moment_of(text: str) -> datetime:
    """`90d` (also `h`, `w`, `y`) from now, or a date or a time in ISO 8601, in UTC
    without a zone. Raises ValueError."""
    if span := _SPAN.fullmatch(text):
        days = int(span.group(1)) * _DAYS[span.group(2)]
        try:
            return timezone.now() + timedelta(days=days)
        except OverflowError as error:
            raise ValueError(f"`{text}` ends after the year 9999.") from error
    moment = parse_datetime(text)
    if moment is None and (day := parse_date(text)) is not None:
        moment = datetime(day.year, day.month, day.day)
    if moment is None:
        raise ValueError(f"`{text}` is neither a span such as 90d nor a date.")
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
