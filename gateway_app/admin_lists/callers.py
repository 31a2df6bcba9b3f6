"""Admin lists that show the name of a caller beside its id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AllValuesCheckboxFilter

from gateway_app.accounts.names import names_of, principals_named_like, with_name
from gateway_app.admin_lists.read_only import ReadOnlyAdmin


class CallerFilter(AllValuesCheckboxFilter):  # type: ignore[misc]
    """The callers of the list, by name and id."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        names = names_of(self.lookup_choices)
        for choice in super().choices(changelist):
            field = choice["form"].fields[self.lookup_kwarg]
            field.choices = [
                (value, with_name(str(label), names.get(value, "")))
                for value, label in field.choices
            ]
            yield choice


class CallerAdmin(ReadOnlyAdmin):
    """Read-only rows with a `principal`."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if search_term and (callers := principals_named_like(search_term)):
            found = found | queryset.filter(principal__in=callers)
        return found, may_repeat

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if context and "cl" in context:
            _add_names(context["cl"].result_list)
        return response

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            _add_names([row])
        return row

    @admin.display(description=_("caller"), ordering="principal")
    def caller(self, row: Any) -> str:
        return with_name(row.principal, getattr(row, "caller_name", ""))


def _add_names(rows: Iterable[Any]) -> None:
    # One query for a page, whatever the number of its rows.
    names = names_of(row.principal for row in rows)
    for row in rows:
        row.caller_name = names.get(row.principal, "")
