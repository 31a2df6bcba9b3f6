"""A circuit breaker: a server that keeps failing is left alone for a while."""

from __future__ import annotations

import time

from purgatory.domain.model import CLOSED, HALF_OPENED, OPENED, Context, OpenedState

from common.config.llm import LlmSettings
from tts_app.core.llm.failures import AskFailed


class CircuitOpen(Exception):
    """The server is being left alone; nothing was asked."""


class Circuit:
    """Opens after `circuit_breaker_fail_max` failed answers in a row.

    After `circuit_breaker_reset_timeout` seconds one request is let through: it
    closes the circuit again, or opens it anew.
    """

    def __init__(
        self, name: str, settings: LlmSettings, *, enabled: bool | None = None
    ) -> None:
        self.enabled = settings.circuit_breaker_enabled if enabled is None else enabled
        self._context: Context = Context(
            name,
            settings.circuit_breaker_fail_max,
            settings.circuit_breaker_reset_timeout,
        )
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
        return max(0.0, opened_at + float(self._context.ttl) - time.time())

    @property
    def blocks(self) -> bool:
        """Whether a request made now would be turned away."""
        return self.seconds_left > 0 or (self._on_trial and self.state == "half-open")

    def enter(self) -> Passage:
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

    def _end(self, passage: Passage, failure: AskFailed | None) -> None:
        if not self.enabled:
            return
        if failure is None:
            self._context.handle_end_request()
        elif failure.counts:
            self._context.handle_exception(failure)
        elif passage.on_trial:
            # It refused this request, so it is there: that is what a trial asks.
            self._context.handle_end_request()
        # Listeners that share the state with others would read these; we have none.
        self._context.messages.clear()

    def _leave(self, passage: Passage) -> None:
        if passage.on_trial:
            self._on_trial = False


class Passage:
    """One request on its way through the circuit."""

    def __init__(self, circuit: Circuit, *, on_trial: bool) -> None:
        self._circuit = circuit
        self.on_trial = on_trial

    def succeeded(self) -> None:
        self._circuit._end(self, None)

    def failed(self, failure: AskFailed) -> None:
        self._circuit._end(self, failure)

    def left(self) -> None:
        """Always called last, also when nobody waited for the answer."""
        self._circuit._leave(self)
