"""The quota in the headers of responses below `/v1/`, as OpenAI's clients read it.

Source: "Rate limits in headers" of https://platform.openai.com/docs/guides/rate-limits
"""

from __future__ import annotations

import math

from django.http import HttpRequest, HttpResponseBase

from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.access.quotas import Allowance
from gateway_app.requests import scope_of
from gateway_app.services import gateway_services

PREFIX = "/v1/"


async def with_rate_headers(
    request: HttpRequest,
    response: HttpResponseBase,
    allowance: Allowance | None = None,
) -> HttpResponseBase:
    """The response with `x-ratelimit-limit-requests`, `-remaining-requests` and
    `-reset-requests`, if there is a limit. Without `allowance` it is looked up.
    """
    if not request.path_info.startswith(PREFIX):
        return response
    allowance = allowance or await _allowance(request)
    if allowance is not None:
        reset = f"{math.ceil(allowance.reset_seconds)}s"
        response["x-ratelimit-limit-requests"] = str(allowance.limit)
        response["x-ratelimit-remaining-requests"] = str(allowance.remaining)
        response["x-ratelimit-reset-requests"] = reset
    return response


async def _allowance(request: HttpRequest) -> Allowance | None:
    scope = scope_of(request)
    access = gateway_services(scope).access
    return await access.allowance(principal_of(request), client_address(scope))
