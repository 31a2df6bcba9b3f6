"""Whether the Deepgram API is served over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from common.errors import NotFound
from gateway_app.requests import scope_of
from gateway_app.responses import error_response
from gateway_app.services import gateway_services

Answer = Callable[..., Awaitable[HttpResponseBase]]


def if_served(run: Answer) -> Answer:
    """A decorator for `decorate_view`: 404 while `deepgram_api` is off."""

    @wraps(run)
    async def checked(request: HttpRequest, **values: Any) -> HttpResponseBase:
        if gateway_services(scope_of(request)).config.deepgram_api:
            return await run(request, **values)
        off = NotFound("The Deepgram API is turned off here (`deepgram_api`).")
        return error_response(request, off)

    return checked
