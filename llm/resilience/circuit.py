"""A circuit breaker: a server that keeps failing is left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

from purgatory.domain.model import CLOSED, HALF_OPENED, OPENED, Context, OpenedState

from common.config.llm import LlmSettings
from llm.resilience.failures import AskFailed


class CircuitOpen(Exception):
    """The server is being left alone; nothing was asked."""


class Circuit:
    """Opens after `circuit_breaker_fail_max` failed answers in a row.

    After `circuit_breaker_reset_timeout` seconds one request is let through: it
    closes the circuit again, or opens it anew.
    """

    def __init__(
        self,
        name: Callable[[], str],
        settings: LlmSettings,
        *,
        enabled: bool | None = None,
    ) -> None:
        self.enabled = settings.circuit_breaker_enabled if enabled is None else enabled
        self._name = name
        self._fail_max = settings.circuit_breaker_fail_max
        self._reset_seconds = settings.circuit_breaker_reset_timeout
        self._context = self._new_context()
        self._on_trial = False

    @property
    def state(self) -> str:
        """`closed`, `open`, `half-open`, or `off`."""
        if not self.enabled:
            return "off"
        names = {CLOSED: "closed", OPENED: "open", HALF_OPENED: "half-open"}
        return names[self._context.state]

    @property
    def seconds_left(self) -> float:
        """Until an open circuit lets one request through; 0 when it is not open."""
        if not self.enabled or self._context.state != OPENED:
            return 0.0
        opened_at = self._context.opened_at or 0.0
        return max(0.0, opened_at + self._reset_seconds - time.time())

    @property
    def blocks(self) -> bool:
        """Whether a request made now would be turned away."""
        return self.seconds_left > 0 or (self._on_trial and self.state == "half-open")

    async def enter(self) -> Passage:
        """Let one request through. Raises CircuitOpen."""
        if not self.enabled:
            return Passage(self, on_trial=False)
        if self.blocks:
            raise CircuitOpen
        try:
            self._context.handle_new_request()
        except OpenedState as opened:
            raise CircuitOpen from opened
        self._on_trial = self._context.state == HALF_OPENED
        return Passage(self, on_trial=self._on_trial)

    async def refresh(self) -> None:
        """Learn what others know; alone there is nothing to learn."""

    async def close(self) -> None:
        """Give connections back."""

    async def _succeeded(self, passage: Passage) -> None:
        self._context.handle_end_request()

    async def _failed(self, passage: Passage, failure: AskFailed) -> None:
        self._context.handle_exception(failure)

    async def _leave(self, passage: Passage) -> None:
        if passage.on_trial:
            self._on_trial = False

    def _new_context(
        self, failures: int = 0, opened_at: float | None = None
    ) -> Context:
        return Context(
            "circuit",
            self._fail_max,
            self._reset_seconds,
            state=CLOSED if opened_at is None else OPENED,
            failure_count=failures,
            opened_at=opened_at,
        )


class Passage:
    """One request on its way through the circuit."""

    def __init__(self, circuit: Circuit, *, on_trial: bool) -> None:
        self._circuit = circuit
        self.on_trial = on_trial

    async def succeeded(self) -> None:
        if self._circuit.enabled:
            await self._circuit._succeeded(self)
            self._forget_messages()

    async def failed(self, failure: AskFailed) -> None:
        if self._circuit.enabled:
            if failure.counts:
                await self._circuit._failed(self, failure)
            elif self.on_trial:
                # It refused this request, so it is there: that is what a trial asks.
                await self._circuit._succeeded(self)
            self._forget_messages()

    async def left(self) -> None:
        """Always called last, also when nobody waited for the answer."""
        await self._circuit._leave(self)

    def _forget_messages(self) -> None:
        # purgatory collects them for listeners, of which there are none.
        self._circuit._context.messages.clear()
