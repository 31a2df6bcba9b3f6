"""The admin's list of usage by caller and day, with charts and exports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter

from gateway_app.admin_lists.callers import CallerAdmin, CallerFilter
from gateway_app.admin_lists.read_only import NO_BREAK
from gateway_app.dashboard.charts import Chart, Slot, bar_chart
from gateway_app.history.exports import CallerResource
from gateway_app.usage.accounts import Resource
from gateway_app.usage.ledger import ADDRESS
from gateway_app.usage.models import UsageDay

CHART_DAYS = 30
MINUTE_SECONDS = 60
COLUMNS = tuple(resource.value for resource in Resource)

Sums = dict[date, dict[str, float]]
"""By day and column."""


class UsageResource(CallerResource):
    """One caller and day as one line of a file."""

    class Meta:
        model = UsageDay
        fields = ("day", "principal", "caller_name", "client", *COLUMNS)
        export_order = fields


@admin.register(UsageDay)
class UsageAdmin(CallerAdmin):
    """What callers used; the charts show the callers of the list."""

    list_title = _("Usage")
    resource_classes = (UsageResource,)
    ordering = ("-day", "principal", "client")
    list_before_template = "admin/usage_charts.html"
    list_display = (
        *("date", "caller", "client", "requests", "errors", "sessions"),
        *("audio_in", "audio_out", "llm_tokens_in", "llm_tokens_out"),
    )
    list_display_links = None
    list_filter = (
        ("day", RangeDateFilter),
        ("principal", CallerFilter),
    )
    search_fields = ("principal", "client")
    search_help_text = _("Name or id of the caller, or address")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if context and "cl" in context:
            context.update(charts(context["cl"].queryset, datetime.now(UTC).date()))
        return response

    @admin.display(description=_("day"), ordering="day")
    def date(self, row: UsageDay) -> str:
        return row.day.isoformat()

    @admin.display(description=_("audio in"), ordering="audio_in_seconds")
    def audio_in(self, row: UsageDay) -> str:
        return _seconds(row.audio_in_seconds)

    @admin.display(description=_("audio out"), ordering="audio_out_seconds")
    def audio_out(self, row: UsageDay) -> str:
        return _seconds(row.audio_out_seconds)


def charts(rows: QuerySet[UsageDay], today: date) -> dict[str, Any]:
    """The charts of these rows over the last CHART_DAYS days, as the template has them."""
    days = [today - timedelta(days=back) for back in range(CHART_DAYS - 1, -1, -1)]
    sums = _sums(rows, days[0])
    return {
        "chart_days": CHART_DAYS,
        "requests_chart": _chart(sums, days, _requests),
        "audio_chart": _chart(sums, days, _audio),
    }


def _sums(rows: QuerySet[UsageDay], since: date) -> Sums:
    # What everybody at an address used is in the rows of its callers, too.
    recent = rows.order_by().filter(day__gte=since).exclude(principal=ADDRESS)
    summed = recent.values("day").annotate(**{f"all_{c}": Sum(c) for c in COLUMNS})
    return {
        row["day"]: {column: row[f"all_{column}"] for column in COLUMNS}
        for row in summed
    }


def _chart(
    sums: Sums, days: Sequence[date], slot: Callable[[date, dict[str, float]], Slot]
) -> Chart:
    nothing = dict.fromkeys(COLUMNS, 0.0)
    return bar_chart([slot(day, sums.get(day, nothing)) for day in days])


def _requests(day: date, used: dict[str, float]) -> Slot:
    errors = int(used["errors"])
    requests = int(used["requests"])
    name = gettext("%(day)s: %(requests)s requests, %(errors)s errors") % {
        "day": date_format(day, "j F"),
        "requests": number_format(requests),
        "errors": number_format(errors),
    }
    return Slot(_label(day), name, (max(0, requests - errors), errors))


def _audio(day: date, used: dict[str, float]) -> Slot:
    heard = round(used["audio_in_seconds"] / MINUTE_SECONDS)
    spoken = round(used["audio_out_seconds"] / MINUTE_SECONDS)
    name = gettext("%(day)s: %(heard)s min received, %(spoken)s min spoken") % {
        "day": date_format(day, "j F"),
        "heard": number_format(heard),
        "spoken": number_format(spoken),
    }
    return Slot(_label(day), name, (heard, spoken))


def _label(day: date) -> str:
    """Under each Monday's bar."""
    return date_format(day, "j.n.") if day.weekday() == 0 else ""


def _seconds(value: float) -> str:
    return f"{number_format(value, 1)}{NO_BREAK}s"
