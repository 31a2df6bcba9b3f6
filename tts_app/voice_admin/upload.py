"""The admin's page to upload a voice, in small parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from common.errors import BadValue, TooLarge, VoiceError
from gateway_app.requests import scope_of
from gateway_app.services import gateway_services
from tts_app.core.voices.upload import VoiceUploads
from tts_app.services import speech_services
from tts_app.voice_admin.installed import take_up_voice
from tts_app.voice_admin.pages import AsyncView, VoicePages

_MEGABYTE = 1_000_000
Step = Callable[[HttpRequest, VoiceUploads], Awaitable[dict[str, Any]]]


class VoiceUploadPages(VoicePages):
    """The page to choose the two files, and the upload steps."""

    @property
    def page(self) -> AsyncView:
        return require_safe(self.guarded(self._page))

    def step(self, work: Step) -> AsyncView:
        """A view for one step."""

        async def view(request: HttpRequest) -> HttpResponseBase:
            uploads = VoiceUploads(gateway_services(scope_of(request)).config)
            return JsonResponse(await work(request, uploads))

        return require_POST(self.guarded(view))

    async def _page(self, request: HttpRequest) -> HttpResponseBase:
        most_mb = gateway_services(scope_of(request)).config.voice_upload_max_mb
        return await self.shown(
            request,
            "admin/voice_upload.html",
            gettext("Upload a voice"),
            most_mb=most_mb,
        )


async def begin(request: HttpRequest, uploads: VoiceUploads) -> dict[str, Any]:
    """A new upload."""
    return {"upload": await sync_to_async(uploads.begin)()}


async def add(request: HttpRequest, uploads: VoiceUploads) -> dict[str, Any]:
    """The next part of a file, as the body. Raises BadValue, or TooLarge."""
    given = request.GET
    try:
        offset = int(given.get("offset", ""))
    except ValueError as error:
        raise BadValue("`offset` must be an integer.", field="offset") from error
    upload, kind = given.get("upload", ""), given.get("kind", "")
    most_mb = gateway_services(scope_of(request)).config.max_body_mb
    data = request.read(most_mb * _MEGABYTE + 1)
    if len(data) > most_mb * _MEGABYTE:
        raise TooLarge(f"A part may have at most {most_mb} MB (`max_body_mb`).")
    await sync_to_async(uploads.add)(upload, kind, offset, data)
    return {"has": offset + len(data)}


async def finish(request: HttpRequest, uploads: VoiceUploads) -> dict[str, Any]:
    """Examine the voice and keep it, or throw it away and say why.

    Raises BadValue. After an unusable name the upload stays, for another try.
    """
    speech = speech_services(scope_of(request)).speech
    upload, name = request.GET.get("upload", ""), request.GET.get("name", "")
    try:
        voice = await uploads.finish(upload, name)
    except VoiceError as error:
        if error.field not in ("name", "upload"):
            await sync_to_async(uploads.discard)(upload)
        raise
    await take_up_voice(speech, voice.name, "upload")
    return {"name": voice.name, "language": voice.language}
