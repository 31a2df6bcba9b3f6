"""The ASGI connection of a Django request, and its address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from common.errors import BadRequest, NotFound
from gateway_app.path_hints import nothing_at

ADMIN = "/admin/"
PROBES = ("/health/live", "/health/ready")


def scope_of(request: HttpRequest) -> dict[str, Any]:
    """The ASGI scope of the request; empty outside the application, as in a test client."""
    scope: dict[str, Any] = getattr(request, "scope", {})
    return scope


def accepts_html(request: HttpRequest) -> bool:
    """Whether the answer may be a page: a browser asks for HTML, a program does not."""
    return "text/html" in request.headers.get("Accept", "")


def check_address(request: HttpRequest) -> None:
    """Refuse what no database takes, and let probes come by the address of the machine.
    Raises BadRequest and NotFound.
    """
    if "\0" in request.path_info:
        raise NotFound(nothing_at(request.path_info))
    if "%00" in request.META.get("QUERY_STRING", ""):
        raise BadRequest("The query contains a null character.")
    if request.path_info in PROBES:
        # A balancer knows an address, not a name, and they tell nothing of worth to a
        # page that calls the server by a name of its own.
        request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".*") or "probe"
