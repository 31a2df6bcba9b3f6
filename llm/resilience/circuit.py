"""A circuit breaker: a server that keeps failing is left alone for a while.

The pattern is from Nygard, "Release It!" (2007).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from common.config.llm import LlmSettings
from common.metrics import LLM_CIRCUIT_OPEN
from common.remote.failures import AskFailed


class CircuitOpen(Exception):
    """The server is being left alone; nothing was asked."""


class Circuit:
    """Opens after `circuit_breaker_fail_max` failed answers in a row.

    After `circuit_breaker_reset_timeout` seconds it is half open: one request, the
    trial, is let through. It closes the circuit, or opens it for as long again.
    """

    def __init__(
        self,
        name: Callable[[], str],
        settings: LlmSettings,
        *,
        enabled: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives seconds; if it is set back, an open circuit waits once more."""
        self.enabled = settings.circuit_breaker_enabled if enabled is None else enabled
        self._name = name
        self._fail_max = settings.circuit_breaker_fail_max
        self._reset_seconds = settings.circuit_breaker_reset_timeout
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._on_trial = False

    @property
    def state(self) -> str:
        """`closed`, `open`, `half-open`, or `off`."""
        if not self.enabled:
            return "off"
        if self._opened_at is None:
            return "closed"
        return "open" if self.seconds_left else "half-open"

    @property
    def seconds_left(self) -> float:
        """Until an open circuit lets one request through; 0 when it is not open."""
        if self._opened_at is None:
            return 0.0
        now = self._clock()
        self._opened_at = min(self._opened_at, now)
        return max(0.0, self._opened_at + self._reset_seconds - now)

    @property
    def blocks(self) -> bool:
        """Whether a request made now would be turned away."""
        return self._on_trial or self.seconds_left > 0

    async def enter(self) -> Permit:
        """Let one request through. Raises CircuitOpen."""
        if self.blocks:
            raise CircuitOpen
        self._on_trial = self._opened_at is not None
        return Permit(self, is_trial=self._on_trial)

    async def refresh(self) -> None:
        """Learn what others know; alone there is nothing to learn."""

    async def close(self) -> None:
        """Give connections back."""

    async def _succeeded(self, permit: Permit) -> None:
        # A request from before the circuit opened says nothing about now.
        if permit.is_trial or self._opened_at is None:
            self._set(0, None)

    async def _failed(self, permit: Permit) -> None:
        if permit.is_trial:
            self._set(self._failures, self._clock())
        elif self._opened_at is None:
            failures = self._failures + 1
            opens = failures >= self._fail_max
            self._set(failures, self._clock() if opens else None)

    def _set(self, failures: int, opened_at: float | None) -> None:
        if (opened_at is None) is not (self._opened_at is None):
            LLM_CIRCUIT_OPEN.labels(self._name()).set(opened_at is not None)
        self._failures, self._opened_at = failures, opened_at

    async def _release(self, permit: Permit) -> None:
        if permit.is_trial:
            self._on_trial = False


@dataclass(frozen=True)
class Permit:
    """One request that the circuit let through, which tells how it went."""

    circuit: Circuit
    is_trial: bool

    async def succeeded(self) -> None:
        """The answer came in full."""
        if self.circuit.enabled:
            await self.circuit._succeeded(self)

    async def failed(self, failure: AskFailed) -> None:
        """No answer came; whether that counts, the failure says."""
        if not self.circuit.enabled:
            return
        if failure.counts:
            await self.circuit._failed(self)
        elif self.is_trial:
            # It refused this request, so it is there: that is what a trial asks.
            await self.circuit._succeeded(self)

    async def release(self) -> None:
        """Always called last, also when nobody waited for the answer."""
        await self.circuit._release(self)
