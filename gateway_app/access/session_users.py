"""The user of a browser's session, found from the cookie alone."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import aget_user
from django.http import HttpRequest, parse_cookie

from gateway_app.access.proxies import header


async def user_of_session(scope: dict[str, Any]) -> Any:
    """Who has signed in, for a request that has not reached Django yet; None without a
    session's cookie, and an anonymous user for one that is not valid."""
    cookies = parse_cookie(header(scope, b"cookie"))
    key = cookies.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return None
    request = HttpRequest()
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(key)
    return await aget_user(request)
