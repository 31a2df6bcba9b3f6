"""What all pages of the admin have in common."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from unfold.admin import ModelAdmin


class SiteAdmin(ModelAdmin):  # type: ignore[misc]
    """An admin whose list has the plain title that the navigation gives it."""

    list_title: Any = ""
    """In place of the model's plural name, which has no translation."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = str(self.list_title) or capfirst(str(self.opts.verbose_name_plural))
        context = {"title": title, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response
