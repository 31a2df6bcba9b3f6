"""The admin's page to download voices: choose, track, cancel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import (
    HttpRequest,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from common.errors import VoiceError
from common.models.download import PublishedVoice
from gateway_app.requests import accepts_html, scope_of
from tts_app.core.voices.downloads import Download, DownloadState, VoiceDownloads
from tts_app.models import Voice
from tts_app.services import speech_services
from tts_app.voice_admin.pages import AsyncView, VoicePages

WORDS = {
    DownloadState.WAITING: _("Queued"),
    DownloadState.DOWNLOADING: _("Downloading"),
    DownloadState.CHECKING: _("Validating"),
    DownloadState.INSTALLING: _("Installing"),
    DownloadState.INSTALLED: _("Installed"),
    DownloadState.FAILED: _("Failed"),
    DownloadState.CANCELLED: _("Cancelled"),
}

Deed = Callable[[VoiceDownloads, str], Awaitable[Download]]


@dataclass(frozen=True)
class ShownDownload:
    """A download as the page shows it."""

    name: str
    state: str
    words: str
    figures: str
    percent: int | None
    """None if the size is unknown."""
    problem: str
    active: bool
    stoppable: bool


def shown(download: Download) -> ShownDownload:
    done, total = download.done_bytes, download.total_bytes
    percent = min(100, done * 100 // total) if total else None
    return ShownDownload(
        download.name,
        download.state.value,
        str(WORDS[download.state]),
        _figures(done, total, percent),
        percent,
        download.problem,
        download.active,
        download.stoppable,
    )


def _figures(done: int, total: int, percent: int | None) -> str:
    if percent is None:
        return f"{done / 1e6:.1f} MB" if done else ""
    return f"{done / 1e6:.1f} / {total / 1e6:.1f} MB, {percent} %"


class VoiceDownloadPages(VoicePages):
    """The page, and the endpoints of its buttons and its script."""

    @property
    def page(self) -> AsyncView:
        return require_safe(self.guarded(self._page))

    @property
    def state(self) -> AsyncView:
        return require_safe(self.guarded(self._state))

    @property
    def begin(self) -> AsyncView:
        return self._deed(VoiceDownloads.begin)

    @property
    def cancel(self) -> AsyncView:
        async def cancel(downloads: VoiceDownloads, name: str) -> Download:
            return downloads.cancel(name)

        return self._deed(cancel)

    def _deed(self, deed: Deed) -> AsyncView:
        """The view of a form: JSON for the script, otherwise a redirect to the page."""

        async def view(request: HttpRequest) -> HttpResponseBase:
            name = request.POST.get("name", "")
            by_form = accepts_html(request)
            try:
                download = await deed(_downloads(request), name)
            except VoiceError as error:
                if not by_form:
                    raise
                await sync_to_async(messages.error)(request, error.message)
            if by_form:
                return HttpResponseRedirect(reverse("admin:tts_app_voice_download"))
            return JsonResponse(vars(shown(download)))

        return require_POST(self.guarded(view))

    async def _state(self, request: HttpRequest) -> HttpResponseBase:
        listed = [vars(shown(each)) for each in _downloads(request).downloads]
        return JsonResponse({"downloads": listed})

    async def _page(self, request: HttpRequest) -> HttpResponseBase:
        problem, voices = "", []
        downloads: list[ShownDownload] = []
        try:
            service = _downloads(request)
            downloads = [shown(each) for each in service.downloads]
            voices = await _missing_here(await service.published())
        except VoiceError as error:
            problem = error.message
        return await self.shown(
            request,
            "admin/voice_download.html",
            gettext("Download a voice"),
            languages=_by_language(voices),
            problem=problem,
            downloads=downloads,
        )


def _downloads(request: HttpRequest) -> VoiceDownloads:
    return speech_services(scope_of(request)).downloads


async def _missing_here(voices: list[PublishedVoice]) -> list[PublishedVoice]:
    here = {
        name
        async for name in Voice.objects.filter(installed=True).values_list(
            "name", flat=True
        )
    }
    return [voice for voice in voices if voice.name not in here]


def _by_language(voices: list[PublishedVoice]) -> list[tuple[str, list[Any]]]:
    """The voices by language, both sorted."""
    ordered = sorted(voices, key=lambda voice: (voice.language, voice.name))
    groups = groupby(ordered, key=lambda voice: voice.language)
    return [(language, list(group)) for language, group in groups]
