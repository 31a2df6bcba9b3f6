"""The admin's pages for the history; the others come from admin_lists."""

from __future__ import annotations

from django.contrib import admin
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.text import Truncator
from django.utils.translation import gettext, gettext_lazy as _
from unfold.contrib.filters.admin import AllValuesCheckboxFilter, ChoicesCheckboxFilter
from unfold.decorators import display

from gateway_app.admin_lists.api_keys import ApiKeyAdmin
from gateway_app.admin_lists.audit import AuditAdmin
from gateway_app.admin_lists.callers import CallerAdmin, CallerFilter
from gateway_app.admin_lists.read_only import NO_BREAK, milliseconds
from gateway_app.admin_lists.usage import UsageAdmin
from gateway_app.admin_lists.users import GroupAdmin, UserAdmin
from gateway_app.history.day_filter import DayFilter
from gateway_app.history.exports import SynthesisResource, TranscriptResource
from gateway_app.models import HistoryEntry, Status, Synthesis, Transcript
from gateway_app.monitor.stages import stage_bars

# Registered by their imports.
__all__ = ["ApiKeyAdmin", "AuditAdmin", "GroupAdmin", "UsageAdmin", "UserAdmin"]

PREVIEW_CHARACTERS = 80
STATUS_COLOURS = {
    Status.OK.value: "success",
    Status.ERROR.value: "danger",
    Status.CANCELLED.value: "warning",
}


class HistoryAdmin(CallerAdmin):
    """Read-only: nobody edits the history, and deleting takes the permission."""

    search_help_text = _("Text, error, address, name of the caller, or an id")

    @display(  # type: ignore[untyped-decorator]
        description=_("status"), ordering="status", label=STATUS_COLOURS
    )
    def state(self, row: HistoryEntry) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @admin.display(description=_("audio"), ordering="duration_seconds")
    def audio(self, row: HistoryEntry) -> str:
        return f"{number_format(row.duration_seconds, 2)}{NO_BREAK}s"

    @admin.display(description=_("stages"))
    def stages(self, row: HistoryEntry) -> str:
        bars = stage_bars(row.stages_ms)
        return render_to_string("admin/stages.html", {"bars": bars})


@admin.register(Transcript)
class TranscriptAdmin(HistoryAdmin):
    """The transcripts."""

    list_title = _("Transcripts")

    resource_classes = (TranscriptResource,)
    list_display = (
        "time",
        "preview",
        "state",
        "language",
        "audio",
        "final",
        "caller",
        "client",
    )
    list_display_links = ("time", "preview")
    list_filter = (
        ("created_at", DayFilter),
        ("status", ChoicesCheckboxFilter),
        ("language", AllValuesCheckboxFilter),
        ("principal", CallerFilter),
    )
    search_fields = (
        "text",
        "error",
        "client",
        "principal",
        "request_id",
        "session_id",
    )
    fieldsets = (
        (None, {"fields": ("text", "status", "error")}),
        (_("Speech"), {"fields": ("time_utc", "audio", "language", "model")}),
        (_("Time"), {"fields": ("stages",)}),
        (_("Origin"), {"fields": ("caller", "client", "request_id", "session_id")}),
    )

    @admin.display(description=_("text"), ordering="text")
    def preview(self, row: Transcript) -> str:
        return shortened(row.text or row.error)

    @admin.display(description=_("final"), ordering="final_ms")
    def final(self, row: Transcript) -> str:
        return milliseconds(row.final_ms)


@admin.register(Synthesis)
class SynthesisAdmin(HistoryAdmin):
    """The spoken texts."""

    list_title = _("Syntheses")

    resource_classes = (SynthesisResource,)
    list_display = (
        "time",
        "preview",
        "state",
        "voice",
        "language",
        "audio",
        "first_audio",
        "caller",
        "client",
    )
    list_display_links = ("time", "preview")
    list_filter = (
        ("created_at", DayFilter),
        ("status", ChoicesCheckboxFilter),
        ("voice", AllValuesCheckboxFilter),
        ("language", AllValuesCheckboxFilter),
        ("principal", CallerFilter),
    )
    search_fields = (
        "text_in",
        "text_out",
        "error",
        "client",
        "principal",
        "request_id",
    )
    fieldsets = (
        (None, {"fields": ("text_in", "text_out", "status", "error")}),
        (
            _("Speech"),
            {
                "fields": (
                    "time_utc",
                    "audio",
                    "voice",
                    "language",
                    "audio_format",
                    "model",
                )
            },
        ),
        (_("Time"), {"fields": ("stages",)}),
        (_("Origin"), {"fields": ("caller", "client", "request_id")}),
    )

    @admin.display(description=_("text"), ordering="text_in")
    def preview(self, row: Synthesis) -> str:
        return shortened(row.text_in or row.error)

    @admin.display(description=_("first audio"), ordering="first_audio_ms")
    def first_audio(self, row: Synthesis) -> str:
        return milliseconds(row.first_audio_ms)


def shortened(text: str) -> str:
    return Truncator(" ".join(text.split())).chars(PREVIEW_CHARACTERS) or gettext(
        "No text"
    )
