"""The servers of one engine: which one is asked, and what its failures mean."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

import httpx
import structlog

from common.engine import PartHealth, PartState
from common.errors import (
    BadValue,
    EngineFailed,
    Expired,
    Overloaded,
    UnknownVoice,
    VoiceError,
)
from common.remote.catalog import Offers
from common.remote.client import Clients, open_clients
from common.remote.failures import (
    RETRYABLE,
    AskFailed,
    Busy,
    Refused,
    Throttled,
    from_httpx,
)
from common.remote.options import RemoteOptions
from common.remote.server import NOT_ASKED, Server
from common.workers import Urgency

log = structlog.get_logger(__name__)

_BUSY_RETRY_SECONDS = 1.0

Item = TypeVar("Item")


@dataclass(frozen=True)
class Attempt:
    """One try: where, and with which client."""

    url: httpx.URL
    client: httpx.AsyncClient


Ask = Callable[[Attempt], AsyncGenerator[Item, None]]
"""Asks a server once, and yields its answer. Raises AskFailed and httpx.HTTPError."""
LookWith = Callable[[httpx.AsyncClient, httpx.URL], Awaitable[Offers]]
"""Asks a server what it offers. Raises AskFailed and httpx.HTTPError."""


class RemoteServers:
    """Several servers that offer the same, asked as one."""

    def __init__(
        self, title: str, setting: str, options: RemoteOptions, look: LookWith
    ) -> None:
        """`title` names the engine in sentences. Raises EngineFailed for a bad address."""
        self._title = title
        self._options = options
        self._look_with = look
        self._clients: Clients | None = None
        self._servers = [
            Server(url, self._look, options.check_seconds)
            for url in options.addresses(setting)
        ]

    async def start(self) -> None:
        """Check all servers, and keep checking; one that is down is only noted.

        Raises EngineFailed for a `ca_file` that cannot be used.
        """
        if self._clients is None:
            self._clients = await open_clients(self._options)
            await asyncio.gather(*(server.watch.start() for server in self._servers))

    async def stop(self) -> None:
        clients, self._clients = self._clients, None
        await asyncio.gather(*(server.watch.stop() for server in self._servers))
        if clients is not None:
            await clients.close()

    @property
    def offers(self) -> Offers:
        """What the first server offers that answered its latest check."""
        return self._first.offers

    @property
    def shown_url(self) -> str:
        """The address of that server."""
        return self._first.shown_url

    @property
    def has_answered(self) -> bool:
        """Whether any server has answered a check since the start."""
        return any(server.has_answered for server in self._servers)

    @property
    def _first(self) -> Server:
        up = [server for server in self._servers if not server.down]
        return (up or self._servers)[0]

    @property
    def waiting(self) -> int:
        """Requests whose answer has not begun."""
        return sum(server.waiting for server in self._servers)

    @property
    def oldest_seconds(self) -> float:
        """The longest time that an open request has brought nothing."""
        return max(server.oldest_seconds for server in self._servers)

    def health(self) -> PartHealth:
        """Ready when all servers answer, degraded when some do."""
        if self._clients is None:
            return PartHealth(PartState.DOWN, f"{self._title} is not started.")
        details = {"servers": list(map(_facts, self._servers))}
        return PartHealth(self._state, self._summary, details)

    @property
    def _summary(self) -> str:
        sentences = (
            f"{server.shown_url} {server.down or server.trouble or 'answers'}"
            for server in self._servers
        )
        return f"{'; '.join(sentences)}."

    @property
    def _state(self) -> PartState:
        downs = [server.down for server in self._servers]
        if all(downs):
            is_new = set(downs) == {NOT_ASKED}
            return PartState.LOADING if is_new else PartState.DOWN
        troubled = any(server.trouble for server in self._servers)
        return PartState.DEGRADED if any(downs) or troubled else PartState.READY

    async def call(
        self,
        ask: Callable[[Attempt], Awaitable[Item]],
        urgency: Urgency,
        named: Collection[str] = (),
    ) -> Item:
        """The answer of a server, as `stream` gets it."""

        async def once(attempt: Attempt) -> AsyncGenerator[Item, None]:
            yield await ask(attempt)

        async with aclosing(self.stream(once, urgency, named)) as answers:
            (answer,) = [each async for each in answers]
        return answer

    async def stream(
        self, ask: Ask[Item], urgency: Urgency, named: Collection[str] = ()
    ) -> AsyncGenerator[Item, None]:
        """The answer of the least loaded server.

        If it fails before the answer begins, in a way that a retry may fix, it is
        retried: at another server if there is one, and always on a new connection. `named`
        are the parameters that come from the caller, so that it is told when one of them
        is refused.

        Raises BadValue or UnknownVoice for these, Overloaded, Expired, or EngineFailed.
        """
        clients = self._clients
        if clients is None:
            raise EngineFailed(f"{self._title} is not started.")
        server = self._choose()
        for client in (clients.usual, clients.fresh):
            check_deadline(urgency)
            began = False
            try:
                with server.request() as request:
                    async with aclosing(_asked(ask, server, client)) as items:
                        async for item in items:
                            began = True
                            server.heard(request)
                            yield item
                server.succeeded()
                return
            except AskFailed as failure:
                server.failed(failure)
                other = self._other(server)
                again = client is clients.usual and not began
                if not (again and _may_help(failure, has_other=other is not server)):
                    raise self._error(server, failure, urgency, named) from failure
                log.info(
                    "asking again", url=other.shown_url, instead_of=server.shown_url
                )
                server = other

    def _choose(self) -> Server:
        """Raises EngineFailed when no server answers its checks."""
        up = [server for server in self._servers if not server.down]
        if not up:
            raise EngineFailed(f"{self._title}: {self._summary}")
        return min(up, key=lambda server: server.load)

    def _other(self, server: Server) -> Server:
        """Another server to ask; the same one when no other answers its checks."""
        others = [
            each for each in self._servers if each is not server and not each.down
        ]
        return min(others or [server], key=lambda each: each.load)

    async def _look(self, url: httpx.URL) -> Offers:
        clients = self._clients
        if clients is None:
            raise Refused("is not asked any more")
        return await self._look_with(clients.usual, url)

    def _error(
        self,
        server: Server,
        failure: AskFailed,
        urgency: Urgency,
        named: Collection[str],
    ) -> VoiceError:
        sentence = f"{self._title}: {server.shown_url} {failure.what}."
        if isinstance(failure, Throttled):
            if _is_past(urgency):
                return Expired(sentence)
            seconds = failure.retry_after_seconds
            return Overloaded(sentence, retry_after_seconds=seconds)
        if isinstance(failure, Busy):
            return Overloaded(sentence, retry_after_seconds=_BUSY_RETRY_SECONDS)
        if isinstance(failure, Refused) and failure.parameter in named:
            kind = UnknownVoice if failure.parameter == "voice" else BadValue
            return kind(sentence, field=failure.parameter)
        return EngineFailed(sentence)


async def _asked(
    ask: Ask[Item], server: Server, client: httpx.AsyncClient
) -> AsyncGenerator[Item, None]:
    """The answer. Raises AskFailed."""
    try:
        async with aclosing(ask(Attempt(server.url, client))) as items:
            async for item in items:
                yield item
    except httpx.HTTPError as error:
        raise from_httpx(error) from error


def check_deadline(urgency: Urgency) -> None:
    """Raises Expired when the deadline has passed."""
    if _is_past(urgency):
        raise Expired("The deadline passed before the request was sent.")


def _is_past(urgency: Urgency) -> bool:
    return urgency.deadline is not None and time.monotonic() > urgency.deadline


def _may_help(failure: AskFailed, *, has_other: bool) -> bool:
    """Whether another try has a chance."""
    return isinstance(failure, RETRYABLE) or (
        has_other and isinstance(failure, Throttled)
    )


def _facts(server: Server) -> dict[str, object]:
    return {
        "url": server.shown_url,
        "problem": server.down or server.trouble,
        "requests": len(server.open_requests),
    }
