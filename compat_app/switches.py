"""Protocols that the configuration switches off."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from common.errors import NotFound
from gateway_app.requests import scope_of
from gateway_app.responses import Answer, error_response
from gateway_app.services import gateway_services


def while_on(setting: str, message: str) -> Callable[[Answer], Answer]:
    """A decorator for `decorate_view`: 404 with this message while the setting is off."""

    def decorate(run: Answer) -> Answer:
        @wraps(run)
        async def checked(request: HttpRequest, **values: Any) -> HttpResponseBase:
            if getattr(gateway_services(scope_of(request)).config, setting):
                return await run(request, **values)
            return error_response(request, NotFound(message))

        return checked

    return decorate
