"""A response that does not begin in time becomes an error, and its work ends."""

from __future__ import annotations

import asyncio

import pytest
from django.http import HttpRequest, HttpResponse

from common.errors import TimedOut
from gateway_app.access.principals import Scope
from gateway_app.access.routes import Deadline, Route
from gateway_app.admission.deadlines import deadline_seconds, in_time
from tests.fake_services import loaded_config

CONFIG = loaded_config(page_timeout_seconds=0.05, recording_timeout_seconds=0.05).config


def route(deadline: Deadline) -> Route:
    return Route("/", Scope.SPEAK, deadline=deadline)


class Work:
    """A view that takes a while."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.cancelled = False

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            await asyncio.sleep(self._seconds)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return HttpResponse("done")


@pytest.mark.parametrize("deadline", [Deadline.PAGE, Deadline.RECORDING])
async def test_it_ends_the_work_and_names_the_setting(deadline: Deadline) -> None:
    work = Work(5)
    with pytest.raises(TimedOut, match=deadline.value) as caught:
        await in_time(HttpRequest(), route(deadline), CONFIG, work)
    assert work.cancelled
    assert (caught.value.http_status, caught.value.close_code) == (504, 4504)


@pytest.mark.parametrize("deadline", [Deadline.SPEECH, Deadline.NONE])
async def test_it_leaves_what_has_limits_of_its_own(deadline: Deadline) -> None:
    assert deadline_seconds(deadline, CONFIG) is None
    response = await in_time(HttpRequest(), route(deadline), CONFIG, Work(0.1))
    assert response.status_code == 200


async def test_a_timeout_of_the_work_itself_is_not_ours() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        raise TimeoutError("of the view")

    with pytest.raises(TimeoutError, match="of the view"):
        await in_time(HttpRequest(), route(Deadline.PAGE), CONFIG, view)
