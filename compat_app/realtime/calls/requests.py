"""What `POST /v1/realtime/calls` may contain."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from pydantic import ValidationError

from common.bounded_json import read_json
from common.errors import BadRequest, BadValue, TooLarge, VoiceError
from common.messages import explain
from compat_app.realtime.shared.conversation import ConversationChanges

SDP = "application/sdp"
MULTIPART = "multipart/form-data"


class UnsupportedBody(VoiceError):
    code, http_status = "unsupported_media_type", 415


@dataclass(frozen=True)
class CallRequest:
    """An offer, and how the conversation is configured."""

    sdp: str
    model: str = ""
    """As the address names it."""
    session: ConversationChanges | None = None


async def read_request(request: HttpRequest) -> CallRequest:
    """The offer alone, or a form with the fields `sdp` and `session`.

    Raises BadRequest, BadValue naming the field, TooLarge, or UnsupportedBody.
    """
    model = request.GET.get("model", "")
    if request.content_type == SDP:
        return CallRequest(_text(request.body), model)
    if request.content_type == MULTIPART:
        # A large form would hold the event loop.
        sdp, session = await asyncio.to_thread(_form, request)
        return CallRequest(sdp, model, session)
    raise UnsupportedBody(f"The body must be {SDP}, or {MULTIPART} with `sdp`.")


def _form(request: HttpRequest) -> tuple[str, ConversationChanges | None]:
    try:
        request.POST, request.FILES  # noqa: B018 - parses the form
    except RequestDataTooBig as error:
        raise TooLarge("The fields are too large.") from error
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise BadRequest("The form cannot be read.") from error
    sdp = _field(request, "sdp")
    if not sdp:
        raise BadValue("The field `sdp` is missing.", field="sdp")
    session = _field(request, "session")
    return sdp, session_changes(session) if session else None


def session_changes(text: str) -> ConversationChanges:
    """The JSON of a session object. Raises BadRequest and BadValue."""
    plain = read_json(text, "field `session`")
    try:
        return ConversationChanges.model_validate(plain)
    except ValidationError as error:
        raise explain(error, plain) from error


def _field(request: HttpRequest, name: str) -> str:
    """A field of the form; clients send it as text, or as a file with a content type."""
    file = request.FILES.get(name)
    if isinstance(file, UploadedFile):
        return _text(file.read())
    return request.POST.get(name) or ""


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not UTF-8.") from error
