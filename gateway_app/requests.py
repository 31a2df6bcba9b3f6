"""The ASGI connection of a Django request, and its address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from common.errors import BadRequest

ADMIN = "/admin/"
HEALTH = "/health"


def scope_of(request: HttpRequest) -> dict[str, Any]:
    """The ASGI scope of the request; empty outside the application, as in a test client."""
    scope: dict[str, Any] = getattr(request, "scope", {})
    return scope


def check_address(request: HttpRequest) -> None:
    """Refuse what no database takes, and let probes come by the address of the machine.
    Raises BadRequest.
    """
    query = request.META.get("QUERY_STRING", "")
    if "\0" in request.path_info or "%00" in query or "\0" in query:
        raise BadRequest("The address contains a null character.")
    if request.path_info.startswith(HEALTH):
        # A balancer knows an address, not a name; nothing there repeats the host.
        request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".*") or "probe"
