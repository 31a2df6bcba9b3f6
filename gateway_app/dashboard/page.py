"""The admin's dashboard: activity since yesterday, and problems."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext

from common.metrics import HISTORY_DROPPED
from gateway_app.dashboard.charts import Chart, Slot, bar_chart
from gateway_app.dashboard.figures import (
    DAYS,
    Figures,
    figures_since,
    hour_of,
    hours_of,
)
from gateway_app.models import HistoryEntry, Synthesis, Transcript
from gateway_app.pages.part_names import part_name
from gateway_app.services import find_gateway_services

CHART_HOURS = 24


@dataclass(frozen=True)
class Card:
    """One figure, with a value for comparison."""

    label: str
    value: str
    note: str
    bad: bool = False


@dataclass(frozen=True)
class Failure:
    """One line of the latest errors."""

    row: HistoryEntry
    kind: str
    url: str


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's DASHBOARD_CALLBACK: what `admin/index.html` shows."""
    gateway = find_gateway_services(request)
    context["parts"] = {
        part_name(part): state
        for part, state in (gateway.health.parts() if gateway else {}).items()
    }
    context["dropped"] = _dropped()
    if not request.user.has_perms(
        ("gateway_app.view_transcript", "gateway_app.view_synthesis")
    ):
        return context
    stored = gateway is None or gateway.config.store_history
    context["history_is_stored"] = stored
    context.update(_history(datetime.now(UTC)))
    return context


def _history(now: datetime) -> dict[str, Any]:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    figures = figures_since(days[0])
    return {
        "figures": figures,
        "any_requests": any(figures.requests.values()),
        "cards": _cards(figures, days, now),
        "hourly": _hourly_chart(figures, now),
        "daily_errors": _error_chart(figures, days),
        "failures": [_failure(row) for row in figures.latest_errors],
    }


def _dropped() -> int:
    """Records that this process lost since it started."""
    samples = (s for family in HISTORY_DROPPED.collect() for s in family.samples)
    return int(sum(s.value for s in samples if s.name.endswith("_total")))


def _cards(figures: Figures, days: list[datetime], now: datetime) -> list[Card]:
    today, yesterday = hours_of(days[-1]), hours_of(days[-2])
    by_now = yesterday[: now.hour + 1]
    week = [hour for day in days for hour in hours_of(day)]
    return [
        Card(
            gettext("Transcripts today"),
            _number(figures.count(today, Transcript)),
            _yesterday(figures.count(by_now, Transcript)),
        ),
        Card(
            gettext("Syntheses today"),
            _number(figures.count(today, Synthesis)),
            _yesterday(figures.count(by_now, Synthesis)),
        ),
        _error_card(figures, today),
        Card(
            gettext("Requests in %(days)s days") % {"days": DAYS},
            _number(figures.count_all(week)),
            gettext("%(share)s failed")
            % {"share": _share(figures.count_errors(week), figures.count_all(week))},
        ),
    ]


def _yesterday(count: int) -> str:
    words = gettext("%(count)s yesterday by this hour")
    return words % {"count": _number(count)}


def _error_card(figures: Figures, today: list[str]) -> Card:
    errors, requests = figures.count_errors(today), figures.count_all(today)
    note = gettext("All well")
    if errors:
        share = _share(errors, requests)
        note = gettext("%(share)s of today's requests") % {"share": share}
    return Card(gettext("Errors today"), _number(errors), note, bad=errors > 0)


def _hourly_chart(figures: Figures, now: datetime) -> Chart:
    last = now.replace(minute=0, second=0, microsecond=0)
    slots = []
    for back in range(CHART_HOURS - 1, -1, -1):
        begin = last - timedelta(hours=back)
        hour = [hour_of(begin)]
        heard = figures.count(hour, Transcript)
        said = figures.count(hour, Synthesis)
        name = gettext("%(hour)s: %(heard)s transcripts, %(said)s syntheses") % {
            "hour": date_format(begin, "D H:i"),
            "heard": heard,
            "said": said,
        }
        label = f"{begin:%H}:00" if begin.hour % 6 == 0 else ""
        slots.append(Slot(label, name, (heard, said)))
    return bar_chart(slots)


def _error_chart(figures: Figures, days: list[datetime]) -> Chart:
    slots = []
    for day in days:
        errors = figures.count_errors(hours_of(day))
        name = gettext("%(day)s: %(errors)s errors") % {
            "day": date_format(day, "l j F"),
            "errors": errors,
        }
        slots.append(Slot(date_format(day, "D"), name, (errors,)))
    return bar_chart(slots)


def _failure(row: HistoryEntry) -> Failure:
    name = row._meta.model_name
    url = reverse(f"admin:gateway_app_{name}_change", args=(row.pk,))
    return Failure(row, str(row._meta.verbose_name), url)


def _number(value: int) -> str:
    return f"{value:,}"


def _share(part: int, whole: int) -> str:
    if not whole or not part:
        return gettext("None")
    percent = 100 * part / whole
    return f"{percent:.1f} %" if percent >= 0.1 else gettext("Under 0.1 %")
