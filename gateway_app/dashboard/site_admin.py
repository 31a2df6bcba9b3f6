"""What all pages of the admin have in common."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from gateway_app.audit.admin_changes import (
    record_addition,
    record_change,
    record_deletions,
)


class SiteAdmin(ModelAdmin):  # type: ignore[misc]
    """An admin whose list has the plain title that the navigation gives it, and whose
    changes go to the audit log, in place of Django's own log."""

    list_title: Any = ""
    """In place of the model's plural name, which has no translation."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = str(self.list_title) or capfirst(str(self.opts.verbose_name_plural))
        context = {"title": title, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        record_addition(request, obj)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        record_change(request, obj, message)

    def log_deletions(
        self, request: HttpRequest, queryset: QuerySet[Any] | Collection[Model]
    ) -> None:
        record_deletions(request, queryset)
