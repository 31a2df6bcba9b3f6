"""HTTP: a short-lived token for a web page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Schema
from pydantic import ConfigDict, Field

from gateway_app.access.browser_tokens import MAX_SECONDS
from gateway_app.access.principals import Scope, principal_of
from gateway_app.requests import scope_of
from gateway_app.services import gateway_services

router = Router(tags=["Access"])


class TokenIn(Schema):
    """What the token should be good for. All of it is optional."""

    model_config = ConfigDict(extra="forbid")

    scopes: list[Scope] | None = Field(
        None,
        max_length=len(Scope),
        description="Some of your own scopes; `stt`, `tts` and `chat`, as far as you "
        "have them, if you name none.",
    )
    seconds: int = Field(
        MAX_SECONDS,
        ge=1,
        le=MAX_SECONDS,
        description="How long the token can be used to connect. A connection that it "
        "opened may last longer.",
    )


class TokenOut(Schema):
    """A token for one WebSocket."""

    token: str
    expires_at: datetime
    scopes: list[Scope]


@router.post(
    "/api/token",
    response=TokenOut,
    url_name="browser_token",
    summary="A token for one WebSocket",
)
async def browser_token(
    request: HttpRequest,
    response: HttpResponse,
    wish: Annotated[TokenIn | None, Body()] = None,
) -> TokenOut:
    """A short-lived token that opens one WebSocket, for pages that must not know a key.

    Offer it as the subprotocols `token, TOKEN`, or send it as `Authorization: Bearer`.
    The connection acts as you, with the scopes of the token.
    """
    wish = wish or TokenIn.model_validate({})
    tokens = gateway_services(scope_of(request)).access.tokens
    issued = await tokens.issue(principal_of(request), wish.scopes, wish.seconds)
    response["Cache-Control"] = "no-store"
    return TokenOut(
        token=issued.token,
        expires_at=datetime.fromtimestamp(issued.expires_at, UTC),
        scopes=list(issued.scopes),
    )
