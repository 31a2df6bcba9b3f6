"""`POST /v1/realtime/client_secrets`: a token with which a page opens one session.

Source: `realtime.client_secrets.create` of the openai library, version 3.54.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from ninja.decorators import decorate_view
from pydantic import BeforeValidator, ConfigDict, Field

from compat_app.realtime.opening import SessionOpener
from compat_app.realtime.shared.conversation import ConversationChanges
from compat_app.realtime.shared.kinds import Kind
from compat_app.realtime.shared.session import SessionChanges
from compat_app.realtime.token_session import session_json
from compat_app.switches import while_on
from gateway_app.access.browser_tokens import MAX_SECRET_SECONDS
from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.requests import scope_of
from gateway_app.services import gateway_services

router = Router(tags=["OpenAI"])

PATH = "/v1/realtime"
_USUAL_SECONDS = 600
_while_on = while_on("realtime_api", "The Realtime API is turned off (`realtime_api`).")


def _with_type(given: Any) -> Any:
    """A session is a conversation unless it says something else."""
    if isinstance(given, dict) and given.get("type") is None:
        return {**given, "type": Kind.CONVERSATION.value}
    return given


SessionIn = Annotated[
    Annotated[SessionChanges | ConversationChanges, Field(discriminator="type")],
    BeforeValidator(_with_type),
]


class ExpiresAfter(Schema):
    """How long the secret can be used to connect."""

    model_config = ConfigDict(extra="ignore")

    anchor: Literal["created_at"] = "created_at"
    seconds: int = Field(_USUAL_SECONDS, ge=10, le=MAX_SECRET_SECONDS)


class ClientSecretIn(Schema):
    """How long the secret can be used, and for which session."""

    model_config = ConfigDict(extra="ignore")

    expires_after: ExpiresAfter | None = Field(
        None, description="`seconds` (10 to 7200), in which the session must begin."
    )
    session: SessionIn | None = Field(
        None,
        description="The configuration of the session, as in `session.update`; a conversation (`realtime`) unless `type` is `transcription`.",
    )


class ClientSecretOut(Schema):
    """A secret for one session."""

    value: str
    expires_at: int = Field(description="Seconds since 1970.")
    session: dict[str, Any] = Field(description="The whole configuration.")


@router.post(
    "/v1/realtime/client_secrets",
    response=ClientSecretOut,
    url_name="realtime_client_secret",
    summary="A token for one realtime session (OpenAI)",
)
@decorate_view(_while_on)
async def client_secret(
    request: HttpRequest, response: HttpResponse, body: ClientSecretIn
) -> ClientSecretOut:
    """A short-lived token that opens one session of the Realtime API, with this
    configuration, for pages that must not know a key.

    Pages send it in place of a key. The session acts as you.
    """
    scope, principal = scope_of(request), principal_of(request)
    changes = body.session or ConversationChanges()
    opener = SessionOpener(scope, principal, client_address(scope), "")
    session = await opener.preview(changes)
    expires_after = body.expires_after or ExpiresAfter.model_validate({})
    issued = await gateway_services(scope).access.tokens.issue(
        principal,
        [Kind(changes.type).scope],
        expires_after.seconds,
        path=PATH,
        session=session_json(changes),
    )
    response["Cache-Control"] = "no-store"
    return ClientSecretOut(
        value=issued.token, expires_at=issued.expires_at, session=session
    )
