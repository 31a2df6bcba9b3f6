"""The status of a session: full, late, and what is acknowledged."""

from __future__ import annotations

from collections.abc import Callable

from common.audio import SPEECH_RATE_HZ
from stt_app.core.endpointing.events import AudioHeard
from stt_app.core.events import (
    AudioHint,
    BufferLimitReached,
    ClosingSoon,
    Lag,
    Progress,
)
from stt_app.core.session.backlog import UtteranceBacklog
from stt_app.core.session.outbox import Outbox
from stt_app.core.session.rate_watch import RateWatch, Source

_PROGRESS_STEP_SECONDS = 2.0
"""The audio that a client keeps for a resume; each text also brings progress."""
_LAG_SECONDS = 1.0
"""A later text feels late; also the interval between two status events."""


class StatusReporter:
    """Checks a session after each chunk of audio and each text."""

    def __init__(
        self,
        outbox: Outbox,
        backlog: UtteranceBacklog,
        source: Source,
        clock: Callable[[], float],
    ) -> None:
        self._outbox = outbox
        self._backlog = backlog
        self._clock = clock
        self._source = source
        self._rate_watch = RateWatch(source, clock)
        self._warn_at = backlog.limit_samples
        self._lag_at = 0.0
        start_sample = round(source.audio_seconds * SPEECH_RATE_HZ)
        self._heard = AudioHeard(start_sample, start_sample, 0)
        self._acknowledged = start_sample

    def hear(self, heard: AudioHeard) -> None:
        """So far the audio has come."""
        self._heard = heard

    def after_audio(self) -> None:
        """Report changes after a chunk of audio."""
        self._warn_when_full()
        self._warn_when_late()
        self._warn_of_rate()
        self._acknowledge(int(_PROGRESS_STEP_SECONDS * SPEECH_RATE_HZ))

    def after_text(self) -> None:
        """Report progress after a text."""
        self._acknowledge(1)

    def before_end(self, seconds: float) -> None:
        """The connection ends in this many seconds."""
        self._outbox.offer(ClosingSoon(self._lag_ms, seconds))

    def without_speech(self) -> None:
        """There were ten seconds of sound, but no speech so far."""
        hint = (
            "There were ten seconds of sound, but no speech. Check the microphone, "
            "`sample_rate` and `encoding`."
        )
        self._outbox.offer(AudioHint(self._lag_ms, hint))

    @property
    def _lag_ms(self) -> float:
        return round(self._backlog.lag_seconds(self._clock()) * 1000, 1)

    def _warn_when_full(self) -> None:
        limit = self._backlog.limit_samples
        held = max(self._heard.unbroken_samples, self._backlog.samples)
        if held >= self._warn_at:
            self._warn_at = held + limit
            self._outbox.put(BufferLimitReached(held / SPEECH_RATE_HZ))
        elif held < limit // 2:
            self._warn_at = limit

    def _warn_when_late(self) -> None:
        lag_ms, now = self._lag_ms, self._clock()
        if lag_ms >= _LAG_SECONDS * 1000 and now >= self._lag_at:
            self._lag_at = now + _LAG_SECONDS
            self._outbox.offer(Lag(lag_ms))

    def _warn_of_rate(self) -> None:
        if (likely_hz := self._rate_watch.look()) is not None:
            hint = (
                f"About {likely_hz} samples arrive per second, but `sample_rate` is "
                f"{self._source.sample_rate}: `sample_rate`, `channels` or `encoding` "
                "is probably wrong."
            )
            self._outbox.offer(AudioHint(self._lag_ms, hint))

    def _acknowledge(self, step_samples: int) -> None:
        """Acknowledge the audio that need not be resent."""
        settled = self._heard.settled_sample
        unsent = self._backlog.first_sample
        if unsent is not None:
            settled = min(settled, unsent)
        if settled >= self._acknowledged + step_samples:
            self._acknowledged = settled
            # Rounded down: resending a millisecond twice is safe, losing it is not.
            self._outbox.offer(Progress(settled * 1000 // SPEECH_RATE_HZ / 1000))
