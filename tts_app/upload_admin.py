"""The admin's way to bring a voice: a page, and its files in small parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from common.errors import BadValue, NotFound, VoiceError
from gateway_app.responses import error_response, services_of
from tts_app.core.voice_upload import VoiceUploads
from tts_app.services import SpeechService

Step = Callable[[HttpRequest, VoiceUploads], Awaitable[dict[str, Any]]]


class VoiceUploadPages:
    """Views for an admin whose `may_upload` decides."""

    def __init__(self, may_upload: Callable[[HttpRequest], bool], site: Any) -> None:
        self._may_upload = may_upload
        self._site = site

    def page(self, request: HttpRequest) -> HttpResponseBase:
        """Where the two files are chosen."""
        if not self._may_upload(request):
            raise PermissionDenied
        config = services_of(request)["loaded"].config
        context = {
            **self._site.each_context(request),
            "title": "Upload a voice",
            "most_mb": config.voice_upload_max_mb,
        }
        return TemplateResponse(request, "admin/voice_upload.html", context)

    def step(self, work: Step) -> Callable[..., Coroutine[Any, Any, HttpResponseBase]]:
        """A view for one step, for those who may, with errors in our shape."""

        @wraps(work)
        async def view(request: HttpRequest) -> HttpResponseBase:
            await request.auser()
            if not await sync_to_async(self._may_upload)(request):
                raise PermissionDenied
            try:
                uploads = VoiceUploads(services_of(request)["loaded"].config)
                return JsonResponse(await work(request, uploads))
            except VoiceError as error:
                return error_response(request, error)

        return require_POST(view)


async def begin(request: HttpRequest, uploads: VoiceUploads) -> dict[str, Any]:
    """A new upload."""
    return {"upload": await sync_to_async(uploads.begin)()}


async def add(request: HttpRequest, uploads: VoiceUploads) -> dict[str, Any]:
    """The next part of a file, as the body."""
    given = request.GET
    try:
        offset = int(given.get("offset", ""))
    except ValueError as error:
        raise BadValue("`offset` is a whole number.", field="offset") from error
    upload, kind = given.get("upload", ""), given.get("kind", "")
    await sync_to_async(uploads.add)(upload, kind, offset, request.body)
    return {"has": offset + len(request.body)}


async def finish(request: HttpRequest, uploads: VoiceUploads) -> dict[str, Any]:
    """Examine the voice and keep it, or throw it away and say why."""
    speech: SpeechService | None = services_of(request).get("speech")
    if speech is None:
        raise NotFound("This process does not speak.")
    upload, name = request.GET.get("upload", ""), request.GET.get("name", "")
    try:
        voice = await uploads.finish(upload, name)
    except VoiceError as error:
        if error.field not in ("name", "upload"):
            await sync_to_async(uploads.discard)(upload)
        raise
    await speech.sync_voices()
    return {"name": voice.name, "language": voice.language}
