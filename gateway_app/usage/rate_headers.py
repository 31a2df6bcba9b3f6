"""What is left of limits, in the headers of responses, as OpenAI's clients read it.

Source: "Rate limits in headers" of https://platform.openai.com/docs/guides/rate-limits
"""

from __future__ import annotations

import math

from django.http import HttpRequest, HttpResponseBase

from gateway_app.access.authentication import AccessControl
from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.access.quotas import Allowance, OverQuota
from gateway_app.requests import scope_of
from gateway_app.usage.accounts import Quota
from gateway_app.usage.meter import Meter

PREFIXES = ("/v1/", "/v2/", "/tts")
ASKS_LLM = "/tts"
"""Where a language model may answer."""


async def add_rate_headers(
    request: HttpRequest,
    response: HttpResponseBase,
    access: AccessControl,
    meter: Meter,
    refused: OverQuota | None = None,
) -> None:
    """Add `x-ratelimit-limit-requests`, `-remaining-requests` and `-reset-requests`
    below PREFIXES, and the same for `-tokens` where a language model may answer. Without
    a limit there are none. `refused` is why the request was not answered."""
    path = request.path_info
    if not path.startswith(PREFIXES):
        return
    principal, address = principal_of(request), client_address(scope_of(request))
    allowance = refused.allowance if refused else None
    if allowance is None:
        allowance = await access.allowance(principal, address)
    _add(response, "requests", allowance)
    if path == ASKS_LLM:
        account = meter.account(principal, address)
        _add(response, "tokens", await account.allowance(Quota.LLM_TOKENS))


def _add(response: HttpResponseBase, what: str, allowance: Allowance | None) -> None:
    if allowance is None:
        return
    reset = f"{math.ceil(allowance.reset_seconds)}s"
    response[f"x-ratelimit-limit-{what}"] = str(allowance.limit)
    response[f"x-ratelimit-remaining-{what}"] = str(allowance.remaining)
    response[f"x-ratelimit-reset-{what}"] = reset
