"""What the server answers while it loads its models: a page, or an error to repeat
later."""

from __future__ import annotations

import math
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import async_only_middleware
from django.utils.translation import gettext_lazy

from common.engine import PartState
from common.errors import Loading
from gateway_app.admission.deadlines import GetResponse
from gateway_app.middleware import STATIC, is_for_programs
from gateway_app.pages.part_names import part_name
from gateway_app.responses import error_response
from gateway_app.services import GatewayServices, find_gateway_services

ANSWERED = (
    *("/health", "/metrics", "/favicon.ico", "/manifest.webmanifest", "/i18n/"),
    STATIC,
)
"""Addresses that need no model."""
STATE_WORDS = {
    PartState.LOADING: gettext_lazy("Loading"),
    PartState.READY: gettext_lazy("Ready"),
    PartState.DEGRADED: gettext_lazy("Degraded"),
    PartState.DOWN: gettext_lazy("Not available"),
}


@async_only_middleware
def while_loading(get_response: GetResponse) -> GetResponse:
    """Middleware that answers 503 for everything that needs the models, while they are
    being loaded: the loading page to a browser, and the error of its protocol to a
    program."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        gateway = find_gateway_services(request)
        if gateway is None or request.path_info.startswith(ANSWERED):
            return await get_response(request)
        try:
            gateway.sessions.check_loaded()
        except Loading as error:
            if is_for_programs(request):
                return error_response(request, error)
            return _page(request, gateway, error)
        return await get_response(request)

    return middleware


def _page(
    request: HttpRequest, gateway: GatewayServices, error: Loading
) -> HttpResponse:
    context: dict[str, Any] = {"parts": _parts(gateway)}
    response = render(request, "loading.html", context, status=error.http_status)
    response["Retry-After"] = str(math.ceil(error.retry_after_seconds or 1))
    response["Cache-Control"] = "no-store"
    return response


def _parts(gateway: GatewayServices) -> list[dict[str, Any]]:
    """The engines, without reasons and paths: nobody has been authenticated yet."""
    return [
        {
            "label": part_name(name),
            "state": part.state.value,
            "word": STATE_WORDS[part.state],
        }
        for name, part in gateway.health.parts().items()
    ]
