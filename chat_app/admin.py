"""The admin's list of spoken conversations, and each of them as a dialogue."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext, gettext_lazy as _
from unfold.contrib.filters.admin import AllValuesCheckboxFilter

from chat_app.history.dialogue import dialogue_of
from chat_app.history.exports import ConversationResource
from chat_app.models import Conversation
from gateway_app.admin_lists.callers import CallerAdmin, CallerFilter
from gateway_app.admin_lists.read_only import milliseconds
from gateway_app.history.day_filter import DayFilter

SHOWN_TURNS = 500


@admin.register(Conversation)
class ConversationAdmin(CallerAdmin):
    """Read-only: nobody edits a conversation, and deleting takes the permission."""

    list_title = _("Conversations")
    resource_classes = (ConversationResource,)
    list_display = (
        *("time", "name", "turns", "length", "voice_to_voice", "caller", "client"),
    )
    list_display_links = ("time", "name")
    list_filter = (
        ("created_at", DayFilter),
        ("language", AllValuesCheckboxFilter),
        ("voice", AllValuesCheckboxFilter),
        ("principal", CallerFilter),
    )
    search_fields = (
        *("title", "turns__question", "turns__answer"),
        *("client", "principal", "conversation_id"),
    )
    search_help_text = _("What was said, address, name of the caller, or an id")
    fieldsets = (
        (None, {"fields": ("dialogue",)}),
        (
            _("Conversation"),
            {
                "fields": (
                    *("time_utc", "length", "voice_to_voice"),
                    *("language", "voice", "model"),
                )
            },
        ),
        (_("Origin"), {"fields": ("caller", "client", "conversation_id")}),
    )

    def get_export_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_export_queryset(request)
        return rows.prefetch_related("turns")

    @admin.display(description=_("title"), ordering="title")
    def name(self, row: Conversation) -> str:
        return row.title or gettext("No text")

    @admin.display(description=_("turns"), ordering="turn_count")
    def turns(self, row: Conversation) -> int:
        return row.turn_count

    @admin.display(description=_("length"))
    def length(self, row: Conversation) -> str:
        minutes, seconds = divmod(round(row.length.total_seconds()), 60)
        return f"{minutes}:{seconds:02}"

    @admin.display(description=_("voice to voice"), ordering="voice_to_voice_ms")
    def voice_to_voice(self, row: Conversation) -> str:
        return milliseconds(row.voice_to_voice_ms)

    @admin.display(description=_("dialogue"))
    def dialogue(self, row: Conversation) -> str:
        context = {
            "turns": dialogue_of(row.turns.order_by("number")[:SHOWN_TURNS]),
            "shown": SHOWN_TURNS,
            "left_out": row.turn_count > SHOWN_TURNS,
        }
        return render_to_string("admin/dialogue.html", context)
