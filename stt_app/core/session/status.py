"""What a session tells about itself: that it is full or late, and what is settled."""

from __future__ import annotations

from collections.abc import Callable

from common.audio import SPEECH_RATE_HZ
from stt_app.core.endpointing.segmenter import Segmenter
from stt_app.core.messages import Acknowledged, BufferLimitReached, Status
from stt_app.core.session.backlog import UtteranceBacklog
from stt_app.core.session.outbox import Outbox

_ACK_STEP_SECONDS = 2.0
_STATUS_LAG_SECONDS = 1.0


class StatusReporter:
    """Looks at a session after each frame and each text."""

    def __init__(
        self,
        outbox: Outbox,
        pending: UtteranceBacklog,
        segmenter: Segmenter,
        clock: Callable[[], float],
    ) -> None:
        self._outbox = outbox
        self._pending = pending
        self._segmenter = segmenter
        self._clock = clock
        self._warn_at = pending.limit_samples
        self._status_at = 0.0
        self._acknowledged = segmenter.position

    def after_audio(self) -> None:
        """Audio has come."""
        self._warn_when_full()
        self._warn_when_late()
        self._acknowledge(int(_ACK_STEP_SECONDS * SPEECH_RATE_HZ))

    def after_text(self) -> None:
        """A text was sent."""
        self._acknowledge(1)

    def before_end(self, seconds: float) -> None:
        """The connection ends in so many seconds."""
        self._outbox.offer(Status(lag_ms=self._lag_ms, closes_in_seconds=seconds))

    @property
    def _lag_ms(self) -> float:
        return round(self._pending.lag_seconds(self._clock()) * 1000, 1)

    def _warn_when_full(self) -> None:
        limit = self._pending.limit_samples
        held = max(self._segmenter.unbroken_samples, self._pending.samples)
        if held >= self._warn_at:
            self._warn_at = held + limit
            seconds = round(held / SPEECH_RATE_HZ, 2)
            self._outbox.put(BufferLimitReached(duration=seconds))
        elif held < limit // 2:
            self._warn_at = limit

    def _warn_when_late(self) -> None:
        lag_ms, now = self._lag_ms, self._clock()
        if lag_ms >= _STATUS_LAG_SECONDS * 1000 and now >= self._status_at:
            self._status_at = now + _STATUS_LAG_SECONDS
            self._outbox.offer(Status(lag_ms=lag_ms))

    def _acknowledge(self, step_samples: int) -> None:
        """Say up to where nothing need be sent again."""
        settled = self._segmenter.settled_sample
        unsent = self._pending.first_sample
        if unsent is not None:
            settled = min(settled, unsent)
        if settled >= self._acknowledged + step_samples:
            self._acknowledged = settled
            # Rounded down: what is sent twice by a millisecond is not lost.
            seconds = settled * 1000 // SPEECH_RATE_HZ / 1000
            self._outbox.offer(Acknowledged(audio_seconds=seconds))
