"""One connection of an endpoint, over WebSocket, TCP or WebRTC."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars

from common.errors import (
    INTERNAL,
    IdleTimeout,
    QuotaExceeded,
    Restarting,
    SessionExpired,
    VoiceError,
)
from common.metrics import ERRORS, REFUSED_CONNECTIONS
from common.workers.turns import work_for
from gateway_app.access.principals import ANONYMOUS, Principal
from gateway_app.access.quotas import OverQuota, caller_of
from gateway_app.sockets.clock import SYSTEM_CLOCK, Clock
from gateway_app.sockets.intake import MessageIntake
from gateway_app.sockets.interfaces import Handler, Transport
from gateway_app.sockets.lifetime import Lifetime
from gateway_app.sockets.limits import SocketLimits
from gateway_app.sockets.sessions import RETRY_SECONDS, Seat, SessionRegistry
from gateway_app.usage.accounts import UNMETERED, Account, Accounts, Resource

log = structlog.get_logger(__name__)

Event = TypeVar("Event")
Work = Callable[[], Coroutine[Any, Any, None]]
Admit = Callable[[], Awaitable[Principal]]


class Connection:
    """The admission, errors, time limits and end of one connection.

    An endpoint runs it as `async with connection.running()`, opens it, and passes every
    message to `receive`. No error in a hook leaves these methods: it becomes an error
    message and a close.
    """

    def __init__(
        self,
        kind: str,
        handler: Handler,
        transport: Transport,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.kind = kind
        self.session_id = uuid.uuid4().hex
        self.principal: Principal = ANONYMOUS
        self.client = ""
        """The address of the client."""
        self.origin = ""
        self.opened_by_request = False
        """Whether an HTTP request opens it, which counts itself and its error."""
        self.closing = False
        """Whether the connection is closing: it no longer sends or receives."""
        self.server_closed = False
        """Whether this side closed the connection."""
        self.ending: VoiceError | None = None
        """Why this side ends it, while the last answers are sent; the client is told at
        the end."""
        self._handler = handler
        self._transport = transport
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = False
        self._over_quota = False
        self._account: Account = UNMETERED
        self._opened = False
        self._seat: Seat | None = None
        self._intake: MessageIntake | None = None
        """None before the connection is opened."""
        self._lifetime: Lifetime | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The context of the whole connection: it ends with the block, for any
        reason."""
        began = self._clock()
        with bound_contextvars(session_id=self.session_id):
            try:
                yield
            finally:
                self.closing = True
                await self._end()
                seconds = round(self._clock() - began, 3)
                log.info("socket ended", kind=self.kind, seconds=seconds)

    async def open(
        self, sessions: SessionRegistry, limits: SocketLimits, client: str, admit: Admit
    ) -> None:
        """Admit the client, within the limits, or send an error and close."""
        self.client = client
        self._intake = MessageIntake(self._handler, limits, self._clock, self.tell)
        bind_contextvars(client=client)
        await self.guard(lambda: self._open(sessions, limits, admit))

    async def receive(self, message: bytes | str) -> None:
        """Process a message of the client."""
        intake = self._intake
        if self.closing or intake is None or self._over_quota:
            return
        if self._lifetime is not None:
            self._lifetime.touch()
        await self.guard(lambda: self._take(message, intake))

    async def send(self, message: str | bytes) -> None:
        """Send one message; dropped after the end."""
        if self.closing:
            return
        try:
            await self._transport.transmit(message)
        except OSError:  # the client is gone; the disconnect is on its way
            self.closing = True

    def pump(
        self, events: AsyncIterator[Event], send: Callable[[Event], Awaitable[None]]
    ) -> asyncio.Task[None]:
        """Send every event in its own task; the connection closes when they end."""

        async def send_all() -> None:
            async for event in events:
                await send(event)
            if not self._draining:
                await self.close()

        return self.accompany(send_all)

    def accompany(self, work: Work) -> asyncio.Task[None]:
        """Run a background task that ends with the connection."""
        task = asyncio.create_task(self.guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def fail(self, error: VoiceError) -> None:
        """Send the error to the client, then close with its code."""
        if self.closing:
            return
        await self.tell(error)
        await self.close(error.close_code)

    async def tell(self, error: VoiceError) -> None:
        """Send the error to the client; the connection stays open."""
        if self._lifetime is not None or not self.opened_by_request:
            ERRORS.labels(error.code).inc()
            self._account.spend(Resource.ERRORS)
        who = {"client": self.client, "principal": self.principal.id}
        log.info("socket error", kind=self.kind, code=error.code, **who)
        await self.send(self._handler.encode_error(error))

    async def close(self, code: int = 1000) -> None:
        """Close from this side."""
        if self.closing:
            return
        with contextlib.suppress(OSError):
            await self._transport.hang_up(code)
        self.closing = self.server_closed = True
        log.debug("socket closed by the server", code=code)

    async def drain(self) -> None:
        """Called when the server shuts down (see SessionRegistry)."""
        notice = "The server is restarting."
        error = Restarting(notice, retry_after_seconds=RETRY_SECONDS)
        await self._finish_and_fail("restarting", error)

    async def guard(self, work: Work) -> None:
        """The outermost handler: any error inside becomes an error message and a
        close."""
        try:
            await work()
        except VoiceError as error:
            await self.fail(error)
        except Exception:
            log.exception("socket failed", kind=self.kind)
            await self.fail(VoiceError(INTERNAL))

    async def _open(
        self, sessions: SessionRegistry, limits: SocketLimits, admit: Admit
    ) -> None:
        try:
            self._seat = await self._take_seat(sessions, limits, admit)
        except VoiceError as error:
            REFUSED_CONNECTIONS.labels(error.code).inc()
            raise
        self._account.spend(Resource.SESSIONS)
        log.info("socket opened", kind=self.kind)
        self._opened = True
        await self._handler.opened()
        lifetime = Lifetime(
            limits.idle_seconds,
            limits.session_seconds,
            self._clock,
            limits.first_message_seconds,
        )
        self._lifetime = lifetime
        if lifetime.limited:
            self.accompany(lambda: self._watch(lifetime))

    async def _take_seat(
        self, sessions: SessionRegistry, limits: SocketLimits, admit: Admit
    ) -> Seat:
        try:
            self._belong_to(await admit(), sessions.accounts)
        except OverQuota as refused:
            self._belong_to(refused.principal, sessions.accounts)
            raise
        sessions.check_loaded()
        bounds = sessions.bounds(self.principal, self.client)
        return await sessions.admit(self.kind, self, limits.max_sessions, bounds)

    def _belong_to(self, principal: Principal, accounts: Accounts) -> None:
        self.principal = principal
        bind_contextvars(principal=principal.id)
        work_for(caller_of(principal, self.client))
        self._account = accounts.account(principal, self.client)
        if not self.opened_by_request:
            self._account.spend(Resource.REQUESTS)

    async def _take(self, message: bytes | str, intake: MessageIntake) -> None:
        try:
            await intake.take(message)
        except QuotaExceeded as error:
            # Earlier messages are still answered; later ones are ignored.
            self._over_quota = True
            self.accompany(partial(self._finish_and_fail, "quota", error))

    async def _watch(self, lifetime: Lifetime) -> None:
        try:
            await lifetime.watch(self._handler.warn)
        except IdleTimeout as error:
            await self._finish_and_fail("idle", error)
        except SessionExpired as error:
            await self._finish_and_fail("expired", error)

    async def _finish_and_fail(self, reason: str, error: VoiceError) -> None:
        self._draining = True
        self.ending = error
        await self.guard(lambda: self._handler.finish(reason))
        await self.fail(error)

    async def _end(self) -> None:
        if self._seat is not None:
            # The slot is free at once, although the session may still write its history.
            self._seat.give_back()
        try:
            if self._opened:
                await self._handler.closed()
        except Exception:
            log.exception("socket failed to end", kind=self.kind)
        finally:
            if self._seat is not None:
                self._seat.close()
            await self._cancel_tasks()

    async def _cancel_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks, return_exceptions=True)
