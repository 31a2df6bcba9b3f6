"""`POST /v1/speak`: a text in, its audio out, streamed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router, Schema
from ninja.decorators import decorate_view
from pydantic import ConfigDict, Field

from common.text_cleaning import clean_text
from compat_app.deepgram.access import if_served
from compat_app.deepgram.models import model_uuid
from compat_app.deepgram.queries import read_query
from compat_app.deepgram.speak.output import SpokenAudio
from compat_app.deepgram.speak.query import SpeakQuery
from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.requests import scope_of
from gateway_app.responses import request_id, unbuffered
from tts_app.services import speech_services
from tts_app.speech_request import SpeechRequest

router = Router(tags=["Deepgram"])

_DOCS: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The audio, streamed. Headers: `dg-model-name`, "
            "`dg-model-uuid`, `dg-char-count`, `dg-request-id`.",
            "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
}


class SpeakIn(Schema):
    """A text to speak verbatim."""

    model_config = ConfigDict(extra="ignore", strict=True)

    text: str = Field(description="The text to speak.")


@router.post(
    "/v1/speak",
    url_name="deepgram_speak",
    summary="Speak a text (Deepgram)",
    openapi_extra=_DOCS,
)
@decorate_view(if_served)
async def speak(request: HttpRequest, body: SpeakIn) -> StreamingHttpResponse:
    """The audio of the text, in the encoding named in the URL."""
    scope = scope_of(request)
    service = speech_services(scope).speech
    query = read_query(scope["query_string"], SpeakQuery)
    output = query.file_output()
    voice = query.voice(await service.available_voices())
    text = clean_text(body.text)
    identity = request_id(request) or ""
    speech = await service.open(
        SpeechRequest(
            text,
            voice=voice,
            llm=False,
            request_id=identity,
            audio_format=output.encoding,
        ),
        principal=principal_of(request),
        client=client_address(scope),
    )
    audio = SpokenAudio(speech, output)
    response = StreamingHttpResponse(audio, content_type=audio.content_type)
    response["dg-model-name"] = speech.voice.name
    response["dg-model-uuid"] = model_uuid(speech.voice.name)
    response["dg-char-count"] = str(len(text))
    response["dg-request-id"] = identity
    return unbuffered(response)
