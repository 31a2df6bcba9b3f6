"""The interface of turn models, which tell a finished turn from a pause for thought."""

from __future__ import annotations

from typing import Protocol

from common.audio import Samples
from common.engine import Engine
from common.workers import Urgency


class TurnModel(Engine, Protocol):
    """Rates pauses. It works without a transcript, from the sound of the voice."""

    @property
    def available(self) -> bool:
        """Whether it can answer; without it pauses have one fixed length."""

    def warm_up(self) -> None:
        """Load what is not loaded yet, in the background. Does not block."""

    async def end_of_turn(self, samples: Samples, urgency: Urgency) -> float:
        """The probability, 0 to 1, that the speaker has finished.

        `samples` is the whole turn so far with the beginning of its pause (0.1 to 0.2 s),
        mono float32 at 16 kHz from -1 to 1, shape (n,); the last 8 seconds count. Ask
        once in a pause: later in the same silence the answer is not better.

        Raises EngineFailed when it is not available, Overloaded when its queue is full,
        and Expired when work had not begun by the urgency's deadline or the call was
        given up.
        """
