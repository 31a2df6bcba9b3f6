"""`POST /v1/listen`: a recording in, its transcript out."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja.decorators import decorate_view

from common.bounded_json import read_json
from common.config import Config
from common.errors import BadRequest, BadValue, Forbidden, TooLarge
from compat_app.deepgram.access import if_served
from compat_app.deepgram.listen.query import FileQuery
from compat_app.deepgram.listen.recorded import Recorded, Transcription
from compat_app.deepgram.listen.stored import StoredRecording
from compat_app.deepgram.queries import read_query
from compat_app.deepgram.wav import WavFormat, is_raw
from compat_app.model_names import engine_model
from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.requests import scope_of
from gateway_app.responses import request_id
from gateway_app.services import gateway_services
from stt_app.core.files.request import FileRequest
from stt_app.services import listening_services

router = Router(tags=["Deepgram"])

_JSON_BYTES = 16 * 1024
_MEGABYTE = 1_000_000
_DOCS: dict[str, Any] = {
    "requestBody": {
        "description": "The recording; or, with `deepgram_allow_urls`, a JSON object "
        "with its `url`.",
        "required": True,
        "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/v1/listen",
    response=Recorded,
    exclude_none=True,
    url_name="deepgram_listen",
    summary="Transcribe a recording (Deepgram)",
    openapi_extra=_DOCS,
)
@decorate_view(if_served)
async def listen(request: HttpRequest) -> Recorded:
    """The transcript of the recording in the body, in any audio or video format."""
    scope = scope_of(request)
    config = gateway_services(scope).config
    listening = listening_services(scope).listening
    query = read_query(scope["query_string"], FileQuery)
    query.check_supported()
    options = query.options()
    model = engine_model(query.model, listening.models, config)
    limit_bytes = config.upload_max_mb * _MEGABYTE
    with StoredRecording(limit_bytes, _raw_format(query)) as stored:
        await _store(request, stored, config)
        found = await Transcription.of(
            listening.transcribe_file(
                FileRequest(stored.path, options, model=model, track=query.track),
                principal=principal_of(request),
                client=client_address(scope),
                request_id=request_id(request) or "",
            )
        )
    return found.response(
        query,
        request_id=request_id(request) or "",
        sha256=stored.sha256,
        model=model or listening.models[0],
    )


async def _store(request: HttpRequest, stored: StoredRecording, config: Config) -> None:
    """Store the recording of the body, or the one that it names."""
    if request.content_type == "application/json":
        await stored.fetch(_url(request, config))
    else:
        await stored.take(request)


def _url(request: HttpRequest, config: Config) -> str:
    """The address in a JSON body. Raises Forbidden unless addresses are allowed."""
    if not config.deepgram_allow_urls:
        raise Forbidden(
            "This server does not fetch recordings: send the audio as the body, or "
            "turn on `deepgram_allow_urls`."
        )
    body = request.read(_JSON_BYTES + 1)
    if len(body) > _JSON_BYTES:
        raise TooLarge(f"A JSON body may have at most {_JSON_BYTES} bytes.")
    try:
        given = read_json(body.decode("utf-8"), "body")
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not UTF-8.") from error
    url = given.get("url") if isinstance(given, dict) else None
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise BadValue("`url` must be an http or https address.", field="url")
    return url


def _raw_format(query: FileQuery) -> WavFormat | None:
    """The format of audio without a container; None for audio in one."""
    encoding = query.stt_encoding
    if encoding is None or not is_raw(encoding):
        return None
    rate_hz = query.rate_hz
    if rate_hz is None:
        raise BadValue(
            f"`encoding` {query.encoding} needs `sample_rate`, such as 16000.",
            field="sample_rate",
        )
    return WavFormat(encoding, query.channels, rate_hz)
