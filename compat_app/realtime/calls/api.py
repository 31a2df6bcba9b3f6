"""HTTP: `POST /v1/realtime/calls`, and hanging up.

Source: `openai.resources.realtime.calls` of the openai library, version 3.54.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view

from chat_app.conversation.caller import Caller
from common.errors import BadRequest
from compat_app.realtime.calls.calls import Requester, calls_of
from compat_app.realtime.calls.docs import CALL_DOCS
from compat_app.realtime.calls.requests import SDP, CallRequest, read_request
from compat_app.realtime.conversation.carriers import Carrier
from compat_app.realtime.conversation.conversation import RealtimeConversation
from compat_app.realtime.conversation.opening import choices_of, open_conversation
from compat_app.realtime.shared.conversation import ConversationChanges
from compat_app.realtime.token_session import session_of_token
from compat_app.switches import while_on
from gateway_app.access.principals import Principal, principal_of
from gateway_app.access.proxies import client_address, header
from gateway_app.requests import scope_of

router = Router(tags=["OpenAI Realtime"])
while_switched_on = while_on(
    "realtime_api", "The Realtime API is turned off (`realtime_api`)."
)


@router.post(
    "/v1/realtime/calls",
    url_name="realtime_calls",
    summary="Begin a call by WebRTC",
    openapi_extra=CALL_DOCS,
)
@decorate_view(while_switched_on)
async def begin_call(request: HttpRequest) -> HttpResponse:
    """Takes the SDP offer of a peer connection and answers it.

    Audio travels as Opus in both directions, and events on the data channel `oai-events`.
    Needs the scope `chat`.
    """
    scope = scope_of(request)
    calls = calls_of(scope)
    wanted = await read_request(request)
    requester = Requester(
        principal_of(request), client_address(scope), header(scope, b"origin")
    )
    open_it = partial(_open, request, wanted)
    answered = await calls.answer(wanted.sdp, requester, open_it)
    response = HttpResponse(answered.sdp, status=201, content_type=SDP)
    response["Location"] = f"{request.path}/{answered.id}"
    return response


@router.post(
    "/v1/realtime/calls/{call_id}/hangup",
    url_name="realtime_hangup",
    summary="End a call",
    response={200: None},
)
@decorate_view(while_switched_on)
async def hang_up(request: HttpRequest, call_id: str) -> HttpResponse:
    """Ends one of your calls, as if the caller had hung up."""
    await calls_of(scope_of(request)).hang_up(call_id, principal_of(request))
    return HttpResponse(status=200)


@router.post(
    "/v1/realtime/calls/{call_id}/{action}",
    url_name="realtime_call_action",
    summary="Accept, reject or refer a call",
    response={400: None},
)
@decorate_view(while_switched_on)
async def only_by_telephone(
    request: HttpRequest, call_id: str, action: Literal["accept", "reject", "refer"]
) -> HttpResponse:
    """Always refused: OpenAI has these for calls that come in by SIP. A call by WebRTC is
    accepted with its answer, and ended with `hangup`."""
    calls_of(scope_of(request)).own(call_id, principal_of(request))
    raise BadRequest(
        f"`{action}` is for calls that come in by SIP, which this server does not take. "
        "A call by WebRTC is accepted with its answer; `hangup` ends it."
    )


async def _open(
    request: HttpRequest,
    wanted: CallRequest,
    principal: Principal,
    client: str,
    session_id: str,
    carrier: Carrier,
) -> RealtimeConversation:
    configured = session_of_token(principal)
    return await open_conversation(
        choices_of(scope_of(request)),
        Caller(principal, client, session_id),
        model=wanted.model,
        # The owner of the token decides how the session begins, not the page.
        changes=configured
        if isinstance(configured, ConversationChanges)
        else wanted.session,
        carrier=carrier,
    )
