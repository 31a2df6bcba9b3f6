"""The time until a response begins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from django.http import HttpRequest, HttpResponseBase

from common.config import Config
from common.errors import TimedOut
from gateway_app.access.routes import Deadline, Route

GetResponse = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


def deadline_seconds(deadline: Deadline, config: Config) -> float | None:
    """The seconds that the access control allows; None if it sets no limit."""
    if deadline is Deadline.PAGE:
        return config.page_timeout_seconds
    if deadline is Deadline.RECORDING:
        return config.recording_timeout_seconds
    return None


async def in_time(
    request: HttpRequest, route: Route, config: Config, get_response: GetResponse
) -> HttpResponseBase:
    """The response, once it has begun. Raises TimedOut when its deadline has passed; the
    work is then cancelled."""
    seconds = deadline_seconds(route.deadline, config)
    try:
        async with asyncio.timeout(seconds) as limit:
            return await get_response(request)
    except TimeoutError as error:
        if not limit.expired():
            raise
        setting = route.deadline.value
        raise TimedOut(
            f"The response did not begin within {seconds:g} s ({setting})."
        ) from error
