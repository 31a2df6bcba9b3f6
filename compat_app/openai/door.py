"""What every route of the OpenAI API checks first."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from common.errors import NotFound
from gateway_app.requests import scope_of
from gateway_app.responses import Answer, error_response
from gateway_app.services import gateway_services


def while_switched_on(run: Answer) -> Answer:
    """A decorator for `decorate_view`: 404 while `openai_api` is off."""

    @wraps(run)
    async def checked(request: HttpRequest, **values: Any) -> HttpResponseBase:
        if gateway_services(scope_of(request)).config.openai_api:
            return await run(request, **values)
        return error_response(
            request, NotFound("The OpenAI API is switched off here (`openai_api`).")
        )

    return checked
