"""HTTP: forgetting a conversation."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from tts_app.access import owner, speech_service

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
    """Forget what was said under this `conversation_id`."""
    await speech_service(request).forget_conversation(owner(request), conversation_id)
    return Status(204, None)
