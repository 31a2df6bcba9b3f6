"""One of the servers of an engine: its health and its load."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import anyio
import httpx
import structlog

from common.backoff import backoff
from common.remote.address import without_password
from common.remote.catalog import Offers
from common.remote.failures import AskFailed, Throttled, from_httpx
from common.remote.watch import Watch

log = structlog.get_logger(__name__)

Look = Callable[[httpx.URL], Awaitable[Offers]]
"""Asks a server what it offers. Raises AskFailed and httpx.HTTPError."""

NOT_ASKED = "was not asked yet"
_FIRST_PAUSE_SECONDS = 0.5
_CHECK_TIMEOUT_SECONDS = 2.0
_FIRST_REST_SECONDS = 1.0
_LONGEST_REST_SECONDS = 30.0


@dataclass(eq=False)
class OpenRequest:
    """A request that the server has not answered in full."""

    since: float
    """When it was sent, or last brought something."""
    answered: bool = False
    """Whether the answer has begun."""


class Server:
    """What its checks and the requests to it have shown."""

    def __init__(
        self,
        url: httpx.URL,
        look: Look,
        check_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url
        self.shown_url = without_password(url)
        self.offers = Offers()
        self.down = NOT_ASKED
        """Why the latest check failed; empty when it succeeded."""
        self.has_answered = False
        """Whether a check has succeeded."""
        self.trouble = ""
        """Why the latest request failed, if it was the server's fault."""
        self.open_requests: list[OpenRequest] = []
        self._look = look
        self._check_seconds = check_seconds
        self._clock = clock
        self._pauses = _pauses(check_seconds)
        self._rests = backoff(_FIRST_REST_SECONDS, _LONGEST_REST_SECONDS)
        self._rests_until = 0.0
        self.watch = Watch(self.check, self._pause_seconds)

    @property
    def load(self) -> tuple[bool, int]:
        """What is lower is asked first: healthy servers with few requests."""
        return self._clock() < self._rests_until, len(self.open_requests)

    @property
    def waiting(self) -> int:
        """Requests whose answer has not begun."""
        return sum(not each.answered for each in self.open_requests)

    @property
    def oldest_seconds(self) -> float:
        """The longest time that an open request has brought nothing."""
        now = self._clock()
        return max((now - each.since for each in self.open_requests), default=0.0)

    async def check(self) -> None:
        """Ask what it offers, and remember whether it answered."""
        try:
            with anyio.fail_after(_CHECK_TIMEOUT_SECONDS):
                self.offers = await self._look(self.url)
            self.has_answered = True
            problem = ""
        except httpx.HTTPError as error:
            problem = from_httpx(error).what
        except AskFailed as failure:
            problem = failure.what
        except TimeoutError:
            problem = f"did not answer within {_CHECK_TIMEOUT_SECONDS:g} s"
        if problem != self.down:
            log.info("server checked", url=self.shown_url, problem=problem or None)
        if self.down and not problem:
            self.trouble = ""
        self.down = problem

    @contextlib.contextmanager
    def request(self) -> Iterator[OpenRequest]:
        """A context for one request, which counts as load until it ends."""
        request = OpenRequest(self._clock())
        self.open_requests.append(request)
        try:
            yield request
        finally:
            self.open_requests.remove(request)

    def heard(self, request: OpenRequest) -> None:
        """A part of the answer came."""
        request.since, request.answered = self._clock(), True

    def succeeded(self) -> None:
        """It answered a request."""
        self.trouble = ""
        self._rests = backoff(_FIRST_REST_SECONDS, _LONGEST_REST_SECONDS)
        self._rests_until = 0.0

    def failed(self, failure: AskFailed) -> None:
        """It did not; other servers are preferred for a while."""
        if isinstance(failure, Throttled):
            seconds = min(failure.retry_after_seconds, _LONGEST_REST_SECONDS)
            self._rests_until = self._clock() + seconds
        elif failure.counts:
            self.trouble = failure.what
            self._rests_until = self._clock() + next(self._rests)
            self.watch.check_soon()

    def _pause_seconds(self) -> float:
        if self.down:
            return next(self._pauses)
        self._pauses = _pauses(self._check_seconds)
        return self._check_seconds


def _pauses(longest_seconds: float) -> Iterator[float]:
    """Between checks of a server that is down."""
    return backoff(min(_FIRST_PAUSE_SECONDS, longest_seconds), longest_seconds)
