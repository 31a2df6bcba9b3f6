"""How an answer is said: what a request chose, for all of its clauses."""

from __future__ import annotations

from dataclasses import dataclass

from tts_app.core.engine import SpeechRequest, VoiceInfo
from tts_app.core.text.readers import Clause, Input


@dataclass(frozen=True)
class SpeechPlan:
    """How to say it."""

    voice: VoiceInfo
    speaker: int | None = None
    speed: float = 1.0
    audio_format: str = "wav"
    sample_rate: int | None = None
    noise_scale: float | None = None
    noise_w: float | None = None
    volume: float = 1.0
    input: Input = "text"
    word_times: bool = False

    def request(self, clause: Clause) -> SpeechRequest:
        """What the engine is asked for."""
        return SpeechRequest(
            clause.text,
            self.voice.name,
            self.speaker,
            self.speed * clause.rate,
            self.noise_scale,
            self.noise_w,
            self.volume,
            self.word_times,
        )
