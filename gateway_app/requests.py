"""The ASGI connection of a Django request."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def scope_of(request: HttpRequest) -> dict[str, Any]:
    """The ASGI scope of the request; empty outside the application, as in a test client."""
    scope: dict[str, Any] = getattr(request, "scope", {})
    return scope
