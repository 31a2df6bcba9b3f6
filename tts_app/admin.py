"""The admin's page of voices: play them, enable them, choose the default."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_lazy as _
from unfold.contrib.filters.admin import AllValuesCheckboxFilter
from unfold.decorators import action, display

from common.errors import NotFound, VoiceError
from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.audit.admin_changes import record_changes
from gateway_app.dashboard.site_admin import SiteAdmin
from gateway_app.requests import scope_of
from gateway_app.responses import error_response, request_id
from gateway_app.services import find_gateway_services
from tts_app.core.engine import VoiceSettings
from tts_app.models import Voice
from tts_app.protocol.responses import speech_response
from tts_app.services import SpeechServices, speech_services
from tts_app.speech_request import SpeechRequest
from tts_app.voice_admin.download import VoiceDownloadPages
from tts_app.voice_admin.upload import VoiceUploadPages, add, begin, finish
from tts_app.voices.samples import sample_for
from tts_app.voices.storage import make_default, offer_voices, take_up_changes

SAMPLE_FORMAT = "mp3"
SHOWN_DIGITS = 12
"""Characters of a checksum in the list; the voice's own page shows all of it."""
STATES = {
    "default": "info",
    "offered": "success",
    "disabled": "warning",
    "gone": "danger",
}


@admin.register(Voice)
class VoiceAdmin(SiteAdmin):
    """Voices come from the installed files; here they are only enabled or disabled."""

    list_title = _("Voices")

    list_display = (
        "name",
        "state",
        "language",
        "quality",
        "voices",
        "size",
        "checksum",
        "sample",
    )
    list_filter = (
        "enabled",
        "installed",
        ("language", AllValuesCheckboxFilter),
        ("quality", AllValuesCheckboxFilter),
    )
    list_filter_submit = True
    search_fields = ("name", "language")
    search_help_text = _("Name or language")
    actions_list = ("fetch", "bring")
    actions = ("enable", "disable", "choose_default")
    fieldsets = (
        (None, {"fields": ("name", "state", "enabled", "sample")}),
        (
            _("Voice"),
            {
                "fields": (
                    "language",
                    "quality",
                    "speaker_names",
                    "sample_rate",
                    "licence",
                )
            },
        ),
        (
            _("Files"),
            {
                "fields": (
                    "source",
                    "size",
                    "sha256",
                    "installed",
                    "created",
                    "updated",
                )
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        shown = [name for _, options in self.fieldsets for name in options["fields"]]
        return [name for name in shown if name != "enabled"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with voices that were copied into the folder since the start."""
        services = scope_of(request).get("state", {}).get(SpeechServices)
        if services is not None:
            take_up_changes(services.engine.voices())
        for reason in _unusable(request).values():
            self.message_user(request, reason, messages.WARNING)
        return super().changelist_view(request, extra_context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        listen = path("<int:pk>/listen/", self.listen, name="tts_app_voice_listen")
        return [listen, *self._ways_in(), *super().get_urls()]

    def _ways_in(self) -> list[URLPattern]:
        uploads = VoiceUploadPages(self.may_bring, self.admin_site)
        downloads = VoiceDownloadPages(self.may_bring, self.admin_site)
        return [
            path("upload/", uploads.page, name="tts_app_voice_upload"),
            path("upload/begin/", uploads.step(begin)),
            path("upload/part/", uploads.step(add)),
            path("upload/finish/", uploads.step(finish)),
            path("download/", downloads.page, name="tts_app_voice_download"),
            path("download/state/", downloads.state, name="voice_download_state"),
            path("download/begin/", downloads.begin, name="voice_download_begin"),
            path("download/cancel/", downloads.cancel, name="voice_download_cancel"),
        ]

    def may_bring(self, request: HttpRequest) -> bool:
        allowed = self.admin_site.has_permission(request)
        return allowed and bool(self.has_change_permission(request))

    @action(description=_("Upload a voice"), url_path="bring", permissions=["change"])  # type: ignore[untyped-decorator]
    def bring(self, request: HttpRequest) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("admin:tts_app_voice_upload"))

    @action(description=_("Download a voice"), url_path="fetch", permissions=["change"])  # type: ignore[untyped-decorator]
    def fetch(self, request: HttpRequest) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("admin:tts_app_voice_download"))

    @display(description=_("state"), label=STATES)  # type: ignore[untyped-decorator]
    def state(self, voice: Voice) -> str:
        if not voice.installed:
            return "gone"
        if not voice.enabled:
            return "disabled"
        return "default" if voice.default else "offered"

    @admin.display(description=_("speakers"))
    def voices(self, voice: Voice) -> int:
        return max(1, len(voice.speakers))

    @admin.display(description=_("speakers"))
    def speaker_names(self, voice: Voice) -> str:
        return ", ".join(voice.speakers) or "1"

    @admin.display(description=_("size"), ordering="size_bytes")
    def size(self, voice: Voice) -> str:
        return filesizeformat(voice.size_bytes)

    @admin.display(description="SHA-256", ordering="sha256")
    def checksum(self, voice: Voice) -> str:
        return voice.sha256[:SHOWN_DIGITS] or gettext("not kept")

    @admin.display(description=_("listen"))
    def sample(self, voice: Voice) -> str:
        if not voice.installed:
            return gettext("Its files are not there.")
        url = reverse("admin:tts_app_voice_listen", args=[voice.pk])
        return render_to_string(
            "admin/voice_sample.html", {"url": url, "voice": voice.name}
        )

    @admin.action(description=_("Offer the chosen voices"), permissions=["change"])
    def enable(self, request: HttpRequest, chosen: QuerySet[Voice]) -> None:
        record_changes(request, chosen, enabled="yes")
        count = offer_voices(chosen, offered=True)
        text = gettext("Voices offered now: %(count)s.") % {"count": count}
        self.message_user(request, text, messages.SUCCESS)

    @admin.action(
        description=_("Stop offering the chosen voices"), permissions=["change"]
    )
    def disable(self, request: HttpRequest, chosen: QuerySet[Voice]) -> None:
        record_changes(request, chosen, enabled="no")
        count = offer_voices(chosen, offered=False)
        text = gettext("Voices no longer offered: %(count)s.") % {"count": count}
        self.message_user(request, text, messages.SUCCESS)

    @admin.action(description=_("Make it the default voice"), permissions=["change"])
    def choose_default(self, request: HttpRequest, chosen: QuerySet[Voice]) -> None:
        if len(chosen) != 1:
            text = gettext("Choose exactly one voice.")
            self.message_user(request, text, messages.ERROR)
            return
        record_changes(request, chosen, default="yes")
        make_default(chosen[0])
        text = gettext("%(name)s is the default voice now.") % {"name": chosen[0].name}
        self.message_user(request, text, messages.SUCCESS)

    async def listen(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """A sample of the voice, streamed; also of one that is not offered.

        Raises PermissionDenied for one who may not see voices; other errors become
        answers.
        """
        await request.auser()
        if not await sync_to_async(self._may_listen)(request):
            raise PermissionDenied
        try:
            voice = await Voice.objects.filter(pk=pk).afirst()
            if voice is None:
                raise NotFound("There is no such voice.")
            service = speech_services(scope_of(request)).speech
            speech = await service.open(
                _sample(request, voice),
                principal=principal_of(request),
                client=client_address(scope_of(request)),
            )
        except VoiceError as error:
            return error_response(request, error)
        return speech_response(speech, audio_format=SAMPLE_FORMAT)

    def _may_listen(self, request: HttpRequest) -> bool:
        allowed = admin.site.has_permission(request)
        return allowed and bool(self.has_view_permission(request))


def _unusable(request: HttpRequest) -> dict[str, str]:
    """Why voices in the folder are not in the list."""
    gateway = find_gateway_services(request)
    part = gateway.health.parts().get("piper") if gateway else None
    return part.details.get("unusable", {}) if part else {}


def _sample(request: HttpRequest, voice: Voice) -> SpeechRequest:
    return SpeechRequest(
        sample_for(voice.language),
        voice=VoiceSettings(voice=voice.name),
        llm=False,
        audio_format=SAMPLE_FORMAT,
        include_disabled=True,
        request_id=request_id(request) or "",
    )
