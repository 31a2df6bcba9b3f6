"""Notices raw audio that arrives at another rate than its client says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_TOLERANCE = 0.03
"""Half of it is the jitter of a network over five seconds; two neighbouring rates are
9 % apart."""
_UNEVEN = 0.4
"""How far one second may be from the mean: frames of a quarter of a second, delayed."""
_FIRST_RATE_SECONDS, _SECONDS = 5, 10
_WATCHED_SECONDS = 60.0


class Source(Protocol):
    """The audio of a stream so far."""

    sample_rate: int

    @property
    def audio_seconds(self) -> float: ...

    @property
    def is_raw(self) -> bool: ...


class RateWatch:
    """Compares the audio with the time that it took to come, in the first minute.

    A microphone gives exactly its own rate, while a recording comes in bursts or as
    fast as it can. So a rate counts only where the audio comes evenly for ten seconds,
    and six checks agree. The sound itself does not tell: slow, low speech is speech too.
    """

    def __init__(self, source: Source, clock: Callable[[], float]) -> None:
        self._source = source
        self._clock = clock
        self._began: float | None = None
        self._restart(0.0)

    def _restart(self, now: float) -> None:
        self._since = now
        self._from_seconds = self._source.audio_seconds
        self._heard: float = 0.0
        self._elapsed: float = 0.0
        self._passed: int = 0
        self._rates: set[int | None] = set()
        """Those that the audio has had since."""

    def look(self) -> int | None:
        """After each frame: the rate in Hz that the audio seems to have, once."""
        source, now = self._source, self._clock()
        if self._began is None:
            self._began = now
            self._restart(now)
            return None
        if now - self._began > _WATCHED_SECONDS or not source.is_raw:
            return None
        elapsed = now - self._since
        if elapsed >= self._elapsed + 1:
            return self._check(elapsed, now)
        return None

    def _check(self, elapsed: float, now: float) -> int | None:
        """Once a second: whether the audio still comes evenly, and at one rate."""
        heard = self._source.audio_seconds - self._from_seconds
        pace = heard / elapsed
        latest = (heard - self._heard) / (elapsed - self._elapsed)
        self._heard, self._elapsed = heard, elapsed
        is_even = abs(latest - pace) <= _UNEVEN * pace
        self._passed += 1
        if self._passed >= _FIRST_RATE_SECONDS:
            self._rates.add(_usual_rate(pace * self._source.sample_rate))
        told = self._rates - {None, self._source.sample_rate}
        if not is_even or len(told) < len(self._rates) or len(told) > 1:
            self._restart(now)
        elif self._passed >= _SECONDS:
            self._began = now - _WATCHED_SECONDS - 1
            return told.pop()
        return None


def _usual_rate(hz: float) -> int | None:
    near = min(RATES_HZ, key=lambda rate: abs(rate - hz))
    return near if abs(near - hz) <= _TOLERANCE * near else None
