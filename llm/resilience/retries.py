"""Asking a server that may fail: retries before the first event, and a circuit."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, replace

import stamina

from common.config.llm import LlmSettings
from common.errors import LlmUnavailable
from common.remote.failures import RETRYABLE, AskFailed, Busy, CutOff, ServerBroke
from llm.engine import LlmEvent
from llm.resilience.circuit import Circuit, CircuitOpen

Ask = Callable[[], AsyncGenerator[LlmEvent, None]]
"""Asks once, and yields the answer. Raises AskFailed."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often to ask again, and after how long a pause."""

    attempts: int
    backoff_seconds: float
    on: tuple[type[AskFailed], ...] = RETRYABLE

    @classmethod
    def from_settings(cls, settings: LlmSettings) -> RetryPolicy:
        return cls(settings.ollama_retry_attempts, settings.ollama_retry_backoff)

    @classmethod
    def with_a_spare(cls, settings: LlmSettings) -> RetryPolicy:
        """The policy while another model can answer: a server that has failed is asked
        again, and one that is unreachable is not.
        """
        usual = cls.from_settings(settings)
        return replace(usual, on=(ServerBroke, CutOff))

    def covers(self, error: Exception) -> bool:
        return isinstance(error, self.on)


class Resilience:
    """Guards one server. `who` names it in sentences."""

    def __init__(
        self,
        who: Callable[[], str],
        policy: RetryPolicy,
        circuit: Circuit,
        *,
        give_up_after_seconds: float,
    ) -> None:
        self._who = who
        self._policy = policy
        self.circuit = circuit
        self._give_up_after_seconds = give_up_after_seconds

    async def stream(self, ask: Ask) -> AsyncGenerator[LlmEvent, None]:
        """The answer's events. Raises LlmUnavailable, also between two of them."""
        try:
            permit = await self.circuit.enter()
        except CircuitOpen:
            raise self._not_asked() from None
        tries, given = 0, False
        answer: AsyncGenerator[LlmEvent, None] | None = None
        first: LlmEvent | None = None
        try:
            async for attempt in self._attempts(once=permit.is_trial):
                with attempt:
                    tries += 1
                    answer = ask()
                    first = await anext(answer, None)
            if first is not None:
                given = True
                yield first
            async for event in answer or ():  # type: ignore[union-attr]
                yield event
            await permit.succeeded()
        except AskFailed as failure:
            await permit.failed(failure)
            raise self._unavailable(failure, tries, given=given) from failure
        finally:
            # Before the permit is released, the server is made to stop.
            if answer is not None:
                await answer.aclose()
            await permit.release()

    def _attempts(self, *, once: bool) -> AsyncIterator[stamina.Attempt]:
        backoff_seconds = self._policy.backoff_seconds
        return stamina.retry_context(
            on=self._policy.covers,
            attempts=1 if once else self._policy.attempts + 1,
            timeout=self._give_up_after_seconds,
            wait_initial=backoff_seconds,
            wait_max=max(backoff_seconds * 2**10, 0.001),
            wait_jitter=0,
            wait_exp_base=2,
        ).__aiter__()

    def _not_asked(self) -> LlmUnavailable:
        seconds = max(1.0, round(self.circuit.seconds_left, 1))
        return LlmUnavailable(
            f"{self._who()} was not asked: it kept failing, so the circuit breaker is "
            f"{self.circuit.state}. The next try is in {seconds:g} s.",
            retry_after_seconds=seconds,
        )

    def _unavailable(
        self, failure: AskFailed, tries: int, *, given: bool
    ) -> LlmUnavailable:
        often = "once" if tries == 1 else f"{tries} times"
        when = " in the middle of the answer" if given else ""
        retry_after_seconds = self.circuit.seconds_left or None
        if isinstance(failure, Busy):
            retry_after_seconds = 1.0
        return LlmUnavailable(
            f"{self._who()} {failure.what}{when}. It was asked {often}; "
            f"the circuit breaker is {self.circuit.state}.",
            retry_after_seconds=retry_after_seconds,
        )
