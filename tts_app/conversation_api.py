"""HTTP: deleting a conversation."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.audit.log import Action, arecord
from gateway_app.requests import scope_of
from tts_app.services import speech_services

router = Router(tags=["Speech"])

DOCS = {"responses": {404: {"description": "No such conversation, or it has expired."}}}


@router.delete(
    "/tts/conversations/{path:conversation_id}",
    response={204: None},
    url_name="forget_conversation",
    openapi_extra=DOCS,
)
async def forget_conversation(
    request: HttpRequest, conversation_id: str
) -> Status[None]:
    """Delete the conversation with this `conversation_id`."""
    scope = scope_of(request)
    speech, client = speech_services(scope).speech, client_address(scope)
    principal = principal_of(request)
    await speech.forget_conversation(principal, client, conversation_id)
    await arecord(principal.id, Action.DELETED, f"conversation:{conversation_id}")
    return Status(204, None)
