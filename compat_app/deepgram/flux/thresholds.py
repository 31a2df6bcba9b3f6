"""When a turn ends: Flux's thresholds as lengths of a pause.

Flux rates how surely a speaker has finished. Here the pause decides, so the confidence
grows with it and reaches `eot_threshold` when the turn ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.errors import BadValue
from compat_app.deepgram.flux import messages

USUAL_THRESHOLD = 0.7
"""Ends a turn after the configured `silence_max_seconds`."""
NEVER = 1.0
"""A turn does not end by itself before the timeout."""
_LIMITS = {
    "eot_threshold": (0.5, 1.0),
    "eager_eot_threshold": (0.3, 0.9),
    "eot_timeout_ms": (500, 60_000),
}


@dataclass(frozen=True)
class TurnEnd:
    """The thresholds of one connection."""

    usual_silence_seconds: float
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

    @property
    def trigger(self) -> messages.Trigger:
        """What ends a turn after that pause."""
        timed_out = self.silence_seconds >= self._timeout_seconds
        return "timeout" if timed_out else "model"

    def confidence(self, pause_seconds: float) -> float:
        """How near the end of the turn is after that pause, 0 to 1."""
        share = max(0.0, pause_seconds) / self.silence_seconds
        return min(1.0, self.eot_threshold * share)

    def is_eager_end(self, pause_seconds: float) -> bool:
        """Whether the pause is long enough for `EagerEndOfTurn`."""
        eager = self.eager_eot_threshold
        return eager is not None and self.confidence(pause_seconds) >= eager

    @property
    def _timeout_seconds(self) -> float:
        return self.eot_timeout_ms / 1000
