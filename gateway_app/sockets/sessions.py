"""Open sessions: counted, limited, and drained at shutdown."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol

import structlog

from common.errors import Loading, Overloaded, Restarting, TooMany
from common.metrics import QUOTA_REFUSALS
from gateway_app.access.principals import Principal
from gateway_app.access.quotas import Bound, bounds_of
from gateway_app.sockets.leases import Leases
from gateway_app.usage.accounts import UNMETERED, Accounts

log = structlog.get_logger(__name__)

RETRY_SECONDS = 5.0
LOADING_RETRY_SECONDS = 2.0


class Drainable(Protocol):
    """A session that can be asked to finish."""

    async def drain(self) -> None:
        """Finish, tell the client, and end."""


class Seat:
    """The slot of one session; closing it twice is harmless."""

    def __init__(
        self,
        registry: SessionRegistry,
        kind: str,
        session: Drainable | None,
        bounds: Sequence[Bound],
    ) -> None:
        self.id = uuid.uuid4().hex
        self.kind = kind
        self.bounds = bounds
        self.session = session
        self._registry = registry

    def give_back(self) -> None:
        """The client has gone: the slot is free, and only drain waits for the rest."""
        self._registry.give_back(self)

    def close(self) -> None:
        self._registry.leave(self)

    def __enter__(self) -> Seat:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class SessionRegistry:
    """All open sessions of this process: sockets and running HTTP requests."""

    def __init__(
        self,
        accounts: Accounts = UNMETERED,
        leases: Leases | None = None,
        *,
        address_limit: int | None = None,
    ) -> None:
        """`accounts` are those of callers; with `leases` the sessions of each caller
        are counted together with those of other processes. `address_limit` bounds those
        of an address, whatever keys it shows."""
        self.accounts = accounts
        self._address_limit = address_limit
        self._leases = leases
        self._seats: set[Seat] = set()
        self._counted: set[Seat] = set()
        """Those that take a slot: clients that are there."""
        self._counts: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        self._empty = asyncio.Event()
        self._empty.set()
        self.draining = False
        self.loading = False
        """Whether the models are still being loaded: no work is accepted yet."""

    def check_loaded(self) -> None:
        """Raises Loading while the models are being loaded."""
        if self.loading:
            raise Loading(
                "The server is loading its models.",
                retry_after_seconds=LOADING_RETRY_SECONDS,
            )

    def bounds(self, principal: Principal, client: str) -> list[Bound]:
        """How many sessions this caller may have."""
        own = principal.limits.sessions
        return bounds_of(own, self._address_limit, principal, client)

    async def admit(
        self, kind: str, session: Drainable, limit: int, bounds: Sequence[Bound]
    ) -> Seat:
        """Reserve a slot, as `open` does, on all nodes where they share a Redis."""
        seat = self.open(kind, session, limit=limit, bounds=bounds)
        if self._leases is None or not bounds:
            return seat
        try:
            reached = await self._leases.take(seat.id, bounds)
            if reached is not None:
                raise _too_many(reached)
        except BaseException:
            seat.close()
            raise
        return seat

    def open(
        self,
        kind: str,
        session: Drainable | None = None,
        *,
        limit: int | None = None,
        bounds: Sequence[Bound] = (),
    ) -> Seat:
        """Reserve a slot; use it as a context manager or `close()` it. A session of
        None cannot be asked to finish: drain waits for it. `limit` bounds the
        sessions of this kind, `bounds` those of their holders, whatever kind.
        Raises Overloaded past the first, TooMany past the others, and Restarting while
        the server shuts down.
        """
        if self.draining:
            raise Restarting(
                "The server is restarting.", retry_after_seconds=RETRY_SECONDS
            )
        if limit is not None and self._counts[kind] >= limit:
            raise Overloaded(
                f"No {kind} session is free; the limit is {limit}.",
                retry_after_seconds=RETRY_SECONDS,
            )
        for bound in bounds:
            if self._held[bound.name] >= bound.most:
                raise _too_many(bound)
        seat = Seat(self, kind, session, bounds)
        self._seats.add(seat)
        self._counted.add(seat)
        self._counts[kind] += 1
        self._held.update(bound.name for bound in bounds)
        self._empty.clear()
        return seat

    def give_back(self, seat: Seat) -> None:
        if seat not in self._counted:
            return
        self._counted.remove(seat)
        self._counts[seat.kind] -= 1
        for bound in seat.bounds:
            self._held[bound.name] -= 1
            if not self._held[bound.name]:
                del self._held[bound.name]
        if self._leases is not None:
            self._leases.release(seat.id)

    async def stop(self) -> None:
        """Release what other nodes count."""
        if self._leases is not None:
            await self._leases.close()

    def leave(self, seat: Seat) -> None:
        self.give_back(seat)
        self._seats.discard(seat)
        if not self._seats:
            self._empty.set()

    def sessions(self) -> list[Drainable]:
        """Those that can be asked to finish."""
        return [seat.session for seat in self._seats if seat.session is not None]

    def count(self, kind: str) -> int:
        """Open sessions of that kind."""
        return self._counts[kind]

    def counts(self) -> dict[str, int]:
        """Open sessions by kind."""
        return {kind: count for kind, count in self._counts.items() if count}

    async def drain(self, grace_seconds: float) -> bool:
        """Reject new sessions, ask all to finish, and wait. False: the time ran out."""
        self.draining = True
        try:
            await asyncio.wait_for(self._finish_all(), grace_seconds)
        except TimeoutError:
            log.warning("sessions cut off at shutdown", sessions=self.counts())
            return False
        return True

    async def _finish_all(self) -> None:
        results = await asyncio.gather(
            *(session.drain() for session in self.sessions()), return_exceptions=True
        )
        for error in results:
            if isinstance(error, Exception):
                log.error("session failed to drain", exc_info=error)
        await self._empty.wait()


def _too_many(bound: Bound) -> TooMany:
    QUOTA_REFUSALS.labels("sessions", bound.of).inc()
    return TooMany(
        f"At most {bound.most} sessions at a time are allowed{bound.words}.",
        retry_after_seconds=RETRY_SECONDS,
    )
