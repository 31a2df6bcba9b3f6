"""The load of the speech-to-text engine, measured by the sessions of a process."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from common.errors import Overloaded
from common.workers import Priority, Urgency
from common.workers.turns import Caller, current_caller

_SHED_INTERIM_SECONDS = 0.4
"""An estimate: a final takes about 0.2 s on two cores, so about two of them are queued
then, and an interim result would come too late."""
_SHED_SPECULATION_SECONDS = 0.25
"""Lower than for interim results: a speculative final costs as much as a final, is
discarded if speech continues, and is not lost if it is skipped."""
RETRY_SECONDS = 5.0
"""An utterance lasts a few seconds, so the load may have changed by then."""


class EngineLoad:
    """Shared by all sessions. Sheds optional work first, and never finals.

    Callers take turns at the engine, so a caller who sends more than it can
    transcribe is late alone: that counts for this caller's sessions, and for others only
    if most callers are late.
    """

    def __init__(
        self, limit_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit_seconds = limit_seconds
        self._clock = clock
        self._callers: dict[Caller, _Calls] = {}

    @contextlib.contextmanager
    def waiting(self, urgency: Urgency) -> Iterator[None]:
        """A context for an engine call of the current caller. It counts for as long as
        a user waits for it: not for a file, nor once the client has gone."""
        caller = current_caller()
        calls = self._callers.setdefault(caller, _Calls(self._clock()))
        call = _Call(urgency, self._clock())
        calls.open.append(call)
        try:
            yield
        finally:
            calls.open.remove(call)
            calls.served_at = self._clock()
            if not calls.open:
                self._callers.pop(caller, None)

    @property
    def lag_seconds(self) -> float:
        """How late the texts are of a session that the current caller opens now."""
        now, me = self._clock(), current_caller()
        lags = {caller: calls.lag(now) for caller, calls in self._callers.items()}
        mine = lags.setdefault(me, 0.0)
        usual = sorted(lags.values())[(len(lags) - 1) // 2]
        turns = [calls.turn(now) for calls in self._callers.values()]
        return max(mine, usual, *turns)

    @property
    def allows_interim(self) -> bool:
        """Whether there is time for interim results."""
        return self._keeps_within(_SHED_INTERIM_SECONDS)

    @property
    def allows_speculation(self) -> bool:
        """Whether there is time for speculative finals."""
        return self._keeps_within(_SHED_SPECULATION_SECONDS)

    def admit(self) -> None:
        """Check that one more session of the current caller can be served. Raises
        Overloaded."""
        lag_seconds = self.lag_seconds
        if lag_seconds > self._limit_seconds:
            raise Overloaded(
                f"Transcripts are already {lag_seconds:.0f} s late.",
                retry_after_seconds=RETRY_SECONDS,
            )

    def _keeps_within(self, seconds: float) -> bool:
        """Whether neither this caller's oldest call nor anybody's turn waits longer."""
        now = self._clock()
        mine = self._callers.get(current_caller())
        if mine is not None and mine.lag(now) >= seconds:
            return False
        return all(calls.turn(now) < seconds for calls in self._callers.values())


@dataclass(frozen=True, eq=False)
class _Call:
    """One open call."""

    urgency: Urgency
    since: float

    @property
    def is_awaited(self) -> bool:
        """Whether a user waits for it now."""
        return self.urgency.priority < Priority.FILE


class _Calls:
    """The open calls of one caller, the oldest first."""

    def __init__(self, now: float) -> None:
        self.open: list[_Call] = []
        self.served_at = now
        """When the last one was answered."""

    def lag(self, now: float) -> float:
        """The age of the oldest one that a user waits for."""
        awaited = (call.since for call in self.open if call.is_awaited)
        return now - next(awaited, now)

    def turn(self, now: float) -> float:
        """How long this caller has waited for a turn."""
        return min(self.lag(now), now - self.served_at)
