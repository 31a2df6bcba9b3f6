"""The admin's list of audit events: to read, to search and to export."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.resources import ModelResource
from unfold.contrib.filters.admin import AllValuesCheckboxFilter
from unfold.decorators import display

from gateway_app.admin_lists.read_only import ReadOnlyAdmin
from gateway_app.audit.models import Action, AuditEvent
from gateway_app.history.day_filter import DayFilter

COLOURS = {
    **dict.fromkeys([action.value for action in Action], "info"),
    Action.CREATED.value: "success",
    Action.INSTALLED.value: "success",
    Action.DELETED.value: "warning",
    Action.REVOKED.value: "warning",
    Action.FORGOTTEN.value: "warning",
    Action.SIGN_IN_FAILED.value: "danger",
}


class AuditResource(ModelResource):  # type: ignore[misc]
    """An event as one line of a file."""

    created_at = Field("created_at", "time")

    def dehydrate_created_at(self, event: AuditEvent) -> str:
        return event.created_at.isoformat(timespec="milliseconds")

    def dehydrate_details(self, event: AuditEvent) -> dict[str, Any]:
        """As it is: CSV writes it as JSON."""
        return dict(event.details)

    class Meta:
        model = AuditEvent
        fields = (
            *("created_at", "actor", "actor_name", "action", "subject"),
            *("details", "client", "request_id"),
        )
        export_order = fields


@admin.register(AuditEvent)
class AuditAdmin(ReadOnlyAdmin):
    """Nobody edits or deletes an event here, not even a superuser."""

    list_title = _("Audit log")
    resource_classes = (AuditResource,)
    list_display = ("time", "who", "what", "subject", "more", "client")
    list_display_links = ("time",)
    list_filter = (
        ("created_at", DayFilter),
        ("action", AllValuesCheckboxFilter),
        ("actor", AllValuesCheckboxFilter),
    )
    search_fields = (
        *("actor", "actor_name", "subject"),
        *("details__name", "client", "request_id"),
    )
    search_help_text = _("Who, what it happened to, address, or request id")
    fieldsets = (
        (None, {"fields": ("what", "subject", "all_details")}),
        (_("Origin"), {"fields": ("time_utc", "who", "actor", "client", "request_id")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("who"), ordering="actor")
    def who(self, event: AuditEvent) -> str:
        """The name, and the id: an account of the machine may be called like a user."""
        if not event.actor_name:
            return event.actor
        return f"{event.actor_name} ({event.actor})"

    @display(description=_("action"), ordering="action", label=COLOURS)  # type: ignore[untyped-decorator]
    def what(self, event: AuditEvent) -> tuple[str, str]:
        return event.action, event.action.replace("_", " ")

    @admin.display(description=_("details"))
    def more(self, event: AuditEvent) -> str:
        return ", ".join(f"{name}: {value}" for name, value in event.details.items())

    @admin.display(description=_("details"))
    def all_details(self, event: AuditEvent) -> str:
        return json.dumps(event.details, indent=2, ensure_ascii=False)
