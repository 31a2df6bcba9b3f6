"""What all pages of the admin have in common."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from gateway_app.audit.admin_changes import (
    record_addition,
    record_change,
    record_deletions,
)


def with_code(text: object) -> SafeString:
    """A help text whose `words` between backticks are set as code."""
    parts = [escape(part) for part in str(text).split("`")]
    marked = [f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts)]
    return mark_safe("".join(marked))  # noqa: S308 - every part is escaped


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

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        # Read-only fields take their help texts from here, too.
        marked = {
            field.name: with_code(field.help_text)
            for field in self.opts.fields
            if "`" in str(field.help_text)
        }
        help_texts = {**marked, **(kwargs.pop("help_texts", None) or {})}
        return super().get_form(request, obj, change, help_texts=help_texts, **kwargs)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        record_addition(request, obj)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        record_change(request, obj, message)

    def log_deletions(
        self, request: HttpRequest, queryset: QuerySet[Any] | Collection[Model]
    ) -> None:
        record_deletions(request, queryset)
