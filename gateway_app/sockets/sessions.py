"""Open sessions: counted, limited, and drained at shutdown."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import TracebackType
from typing import Protocol

import structlog

from common.errors import Loading, Overloaded, Restarting, TooMany

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
        holder: str,
    ) -> None:
        self.kind = kind
        self.holder = holder
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

    def __init__(self) -> None:
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

    def open(
        self,
        kind: str,
        session: Drainable | None = None,
        *,
        limit: int | None = None,
        holder: str = "",
        holder_limit: int | None = None,
    ) -> Seat:
        """Reserve a slot; use it as a context manager or `close()` it. A session of
        None cannot be asked to finish: drain waits for it. `limit` bounds the
        sessions of this kind, `holder_limit` those of this holder, whatever kind.
        Raises Overloaded past the first, TooMany past the second, and Restarting while
        the server shuts down.
        """
        if self.draining:
            raise Restarting(
                "The server is restarting.", retry_after_seconds=RETRY_SECONDS
            )
        if limit is not None and self._counts[kind] >= limit:
            raise Overloaded(
                f"All {limit} {kind} sessions are taken.",
                retry_after_seconds=RETRY_SECONDS,
            )
        if holder_limit is not None and self._held[holder] >= holder_limit:
            raise TooMany(
                f"At most {holder_limit} sessions at a time are allowed.",
                retry_after_seconds=RETRY_SECONDS,
            )
        seat = Seat(self, kind, session, holder)
        self._seats.add(seat)
        self._counted.add(seat)
        self._counts[kind] += 1
        self._held[holder] += 1
        self._empty.clear()
        return seat

    def give_back(self, seat: Seat) -> None:
        if seat not in self._counted:
            return
        self._counted.remove(seat)
        self._counts[seat.kind] -= 1
        self._held[seat.holder] -= 1
        if not self._held[seat.holder]:
            del self._held[seat.holder]

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
