"""For routes that take JSON and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from common.errors import VoiceError
from gateway_app.responses import error_response

JSON_TYPE = "application/json"

Answer = Callable[..., Awaitable[HttpResponseBase]]


class NotJson(VoiceError):
    code, http_status = "unsupported_media_type", 415


def json_only(run: Answer) -> Answer:
    """A decorator for `decorate_view`: refuses a body of another type, before ninja
    parses it."""

    @wraps(run)
    async def checked(request: HttpRequest, **values: Any) -> HttpResponseBase:
        if request.content_type == JSON_TYPE:
            return await run(request, **values)
        given = request.content_type or "no content type"
        return error_response(
            request, NotJson(f"`{request.path_info}` takes {JSON_TYPE}, not {given}.")
        )

    return checked
