"""The quota in the headers of responses below `/v1/`, as OpenAI's clients read it.

Source: "Rate limits in headers" of https://platform.openai.com/docs/guides/rate-limits
"""

from __future__ import annotations

import math

from django.http import HttpRequest, HttpResponseBase

from gateway_app.access.authentication import AccessControl
from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.access.quotas import Allowance
from gateway_app.requests import scope_of

PREFIX = "/v1/"


def has_rate_headers(path: str) -> bool:
    """Whether responses of this path say how many requests are left."""
    return path.startswith(PREFIX)


async def allowance_of(request: HttpRequest, access: AccessControl) -> Allowance | None:
    """What is left to whoever sent this request; None without a limit."""
    address = client_address(scope_of(request))
    return await access.allowance(principal_of(request), address)


def add_rate_headers(response: HttpResponseBase, allowance: Allowance) -> None:
    """Add `x-ratelimit-limit-requests`, `-remaining-requests` and `-reset-requests`."""
    reset = f"{math.ceil(allowance.reset_seconds)}s"
    response["x-ratelimit-limit-requests"] = str(allowance.limit)
    response["x-ratelimit-remaining-requests"] = str(allowance.remaining)
    response["x-ratelimit-reset-requests"] = reset
