"""When a turn ends: Flux's thresholds as lengths of a pause.

Flux rates how surely a speaker has finished. Here the confidence starts with what the
turn model says of the pause, and grows with the pause; at `eot_threshold` the turn ends.
Without a turn model it grows in proportion to the pause.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from common.errors import BadValue
from compat_app.deepgram.flux import messages

USUAL_THRESHOLD = 0.7
"""Ends a turn after the configured `silence_max_seconds`."""
NEVER = 1.0
"""A turn does not end by itself before the timeout."""
_HANGING_CONFIDENCE = 0.05
"""The most for a turn whose last word leaves the sentence open."""
_LIMITS = {
    "eot_threshold": (0.5, 1.0),
    "eager_eot_threshold": (0.3, 0.9),
    "eot_timeout_ms": (500, 60_000),
}


@dataclass(frozen=True)
class TurnEnd:
    """The thresholds of one connection."""

    usual_silence_seconds: float
    """Ends a turn at the usual threshold, without a turn model."""
    shortest_seconds: float = 0.32
    """The least pause, however confident the model is."""
    longest_seconds: float = 1.6
    """The pause that ends a turn at the usual threshold, if it seems incomplete."""
    eot_threshold: float = USUAL_THRESHOLD
    eager_eot_threshold: float | None = None
    eot_timeout_ms: int = 5_000

    def changed(self, given: messages.Thresholds) -> TurnEnd:
        """With the given values. Raises BadValue for one that is out of range."""
        values = given.model_dump(exclude_none=True)
        for name, value in values.items():
            least, most = _LIMITS[name]
            if not least <= value <= most:
                raise BadValue(
                    f"`{name}` is between {least:g} and {most:g}.", field=name
                )
        return replace(self, **values)

    @property
    def thresholds(self) -> messages.Thresholds:
        """As a message shows them."""
        return messages.Thresholds(
            eot_threshold=self.eot_threshold,
            eager_eot_threshold=self.eager_eot_threshold,
            eot_timeout_ms=self.eot_timeout_ms,
        )

    @property
    def silence_seconds(self) -> float:
        """The pause that ends a turn."""
        if self.eot_threshold >= NEVER:
            return self._timeout_seconds
        share = self.eot_threshold / USUAL_THRESHOLD
        return min(self.usual_silence_seconds * share, self._timeout_seconds)

    def seconds(self, probability: float, *, hangs: bool) -> float:
        """The pause that ends a turn which the model has rated; see TurnPauses."""
        if self.eot_threshold >= NEVER:
            return self._timeout_seconds
        rated = rated_confidence(probability, hangs=hangs)
        growing = 0.0
        if rated < self.eot_threshold:
            left = (1 - rated) / (1 - self.eot_threshold)
            growing = self._growth_seconds * math.log(left)
        return min(max(self.shortest_seconds, growing), self._timeout_seconds)

    def trigger(self, rated: float | None = None) -> messages.Trigger:
        """What ends a turn; `rated` as for `confidence`."""
        ends = self.silence_seconds
        if rated is not None:
            ends = self.seconds(rated, hangs=False)
        return "timeout" if ends >= self._timeout_seconds else "model"

    def confidence(self, pause_seconds: float, rated: float | None = None) -> float:
        """How surely the turn is over after that pause, 0 to 1.

        `rated` is the confidence that the model has put into it, if it was asked.
        """
        pause_seconds = max(0.0, pause_seconds)
        if rated is not None:
            doubt = (1 - rated) * math.exp(-pause_seconds / self._growth_seconds)
            return min(1.0, 1 - doubt)
        share = pause_seconds / self.silence_seconds
        return min(1.0, self.eot_threshold * share)

    def is_eager_end(self, pause_seconds: float, rated: float | None = None) -> bool:
        """Whether the turn is sure enough to be over for `EagerEndOfTurn`."""
        eager = self.eager_eot_threshold
        return eager is not None and self.confidence(pause_seconds, rated) >= eager

    @property
    def _growth_seconds(self) -> float:
        """In which doubts fall to 1/e: they end after `longest_seconds` at the usual
        threshold."""
        return self.longest_seconds / -math.log(1 - USUAL_THRESHOLD)

    @property
    def _timeout_seconds(self) -> float:
        return self.eot_timeout_ms / 1000


def rated_confidence(probability: float, *, hangs: bool) -> float:
    """The confidence at the start of a pause, from what the turn model says of it."""
    return min(probability, _HANGING_CONFIDENCE) if hangs else probability
