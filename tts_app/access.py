"""What a request can reach: the service that speaks, and its own conversations."""

from __future__ import annotations

from django.http import HttpRequest

from common.errors import NotFound
from gateway_app.access.authentication import Caller
from gateway_app.responses import services_of
from tts_app.service import SpeechService


def speech_service(request: HttpRequest) -> SpeechService:
    """The service that speaks. Raises NotFound in a process that only listens."""
    speech: SpeechService | None = services_of(request).get("speech")
    if speech is None:
        raise NotFound("This process does not speak: it runs speech to text alone.")
    return speech


def owner(request: HttpRequest) -> str:
    """The id of the caller, whose conversations the request can reach."""
    caller: Caller | None = getattr(request, "caller", None)
    return caller.id if caller else ""
