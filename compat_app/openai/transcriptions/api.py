"""HTTP: `/v1/audio/transcriptions` and `/v1/audio/translations`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from django.http import HttpRequest, HttpResponseBase
from ninja import Router
from ninja.decorators import decorate_view

from compat_app.model_names import engine_model
from compat_app.openai.switch import while_switched_on
from compat_app.openai.transcriptions.answers import answer
from compat_app.openai.transcriptions.docs import request_docs
from compat_app.openai.transcriptions.heard import Heard
from compat_app.openai.transcriptions.hurry import Hurry, before_deadline
from compat_app.openai.transcriptions.stream import streamed
from compat_app.openai.transcriptions.upload import Upload, read_upload
from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.requests import scope_of
from gateway_app.responses import request_id
from gateway_app.services import gateway_services
from stt_app.core.engine import Task
from stt_app.core.files.file_transcriber import FileEvent
from stt_app.core.files.request import FileRequest
from stt_app.services import listening_services

router = Router(tags=["OpenAI audio"])


@router.post(
    "/v1/audio/transcriptions",
    url_name="openai_transcriptions",
    summary="Transcribe a recording",
    openapi_extra=request_docs("transcribe"),
)
@decorate_view(while_switched_on)
async def transcriptions(request: HttpRequest) -> HttpResponseBase:
    """The text of a recording, in the spoken language."""
    return await _answered(request, "transcribe")


@router.post(
    "/v1/audio/translations",
    url_name="openai_translations",
    summary="Translate a recording into English",
    openapi_extra=request_docs("translate"),
)
@decorate_view(while_switched_on)
async def translations(request: HttpRequest) -> HttpResponseBase:
    """The text of a recording in English."""
    return await _answered(request, "translate")


async def _answered(request: HttpRequest, task: Task) -> HttpResponseBase:
    # Before the body is read.
    listening_services(scope_of(request))
    hurry = Hurry.of(request.headers)
    most_mb = gateway_services(scope_of(request)).config.upload_max_mb
    upload = await asyncio.to_thread(read_upload, request, most_mb)
    try:
        events = _events(request, upload, task, hurry)
        if upload.fields.streamed:
            return await streamed(upload, events)
        heard = await _heard(events)
    except BaseException:
        upload.close()
        raise
    upload.close()
    return answer(heard, upload.fields, task)


async def _heard(events: AsyncGenerator[FileEvent, None]) -> Heard:
    """Everything in the recording."""
    heard = Heard()
    async with aclosing(events):
        async for event in events:
            heard.take(event)
    return heard


def _events(
    request: HttpRequest, upload: Upload, task: Task, hurry: Hurry
) -> AsyncGenerator[FileEvent, None]:
    scope = scope_of(request)
    listening = listening_services(scope).listening
    model = engine_model(
        upload.fields.model, listening.models, gateway_services(scope).config
    )
    events = listening.transcribe_file(
        FileRequest(
            upload.path,
            upload.fields.options(task),
            model=model,
            voice_probability=hurry.voice_probability,
            track=upload.fields.track,
        ),
        principal=principal_of(request),
        client=client_address(scope),
        request_id=request_id(request) or "",
        priority=hurry.priority,
    )
    return before_deadline(events, hurry.seconds_left)
