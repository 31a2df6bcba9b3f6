"""An admin list that nobody edits, with an export that is itself recorded."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from import_export.admin import ExportMixin
from unfold.contrib.import_export.forms import ExportForm

from gateway_app.audit.admin_changes import actor_of
from gateway_app.audit.log import Action, record
from gateway_app.dashboard.site_admin import SiteAdmin
from gateway_app.history.exports import EXPORT_FORMATS

NO_BREAK = "\N{NO-BREAK SPACE}"


def milliseconds(value: float | None) -> str:
    """For people; empty if there is none."""
    return "" if value is None else f"{number_format(value, 0)}{NO_BREAK}ms"


class ReadOnlyAdmin(ExportMixin, SiteAdmin):  # type: ignore[misc]
    """Read-only rows with a `created_at`, newest first."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    list_filter_sheet = False
    compressed_fields = True
    export_form_class = ExportForm
    ordering: tuple[str, ...] = ("-created_at", "-pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    def get_export_formats(self) -> list[Any]:
        return list(EXPORT_FORMATS)

    def get_export_data(
        self,
        file_format: Any,
        request: HttpRequest,
        queryset: models.QuerySet[Any],
        **options: Any,
    ) -> Any:
        data = super().get_export_data(file_format, request, queryset, **options)
        record(
            actor_of(request),
            Action.EXPORTED,
            str(self.opts.model_name),
            rows=queryset.count(),
            format=file_format.get_extension(),
        )
        return data

    @admin.display(description=_("time"), ordering="created_at")
    def time(self, row: Any) -> str:
        return str(row.created_at.strftime(f"%Y-%m-%d{NO_BREAK}%H:%M:%S"))

    @admin.display(description=_("time (UTC)"))
    def time_utc(self, row: Any) -> str:
        return str(row.created_at.strftime("%A, %d %B %Y, %H:%M:%S.%f")[:-3])
