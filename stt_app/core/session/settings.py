"""The settings of one session, from the configuration and the client's options."""

from __future__ import annotations

from dataclasses import dataclass

from common.config.speech import ListeningSettings
from common.workers import Priority
from stt_app.core.codecs.decoders import PCM16, Encoding
from stt_app.core.endpointing.events import UtteranceEnded
from stt_app.core.endpointing.frontend import AudioFrontend
from stt_app.core.endpointing.utterance import OpenUtterance
from stt_app.core.endpointing.vad import VadModel
from stt_app.core.engine import TranscriptionRequest
from stt_app.core.events import SessionReady
from stt_app.core.languages import AUTO
from stt_app.core.session.options import Options
from stt_app.core.turns.pauses import SemanticPauses, TurnPauses


@dataclass(frozen=True)
class Start:
    """Where in its stream a session starts, and how to resume it."""

    audio_seconds: float = 0.0
    utterances: int = 0
    """The number of earlier utterances."""
    resume_token: str | None = None
    resumed: bool | None = None
    """None for a new stream; else whether the earlier part of it is known."""
    session_id: str = ""

    def ready(self, model: str, rate_hz: int) -> SessionReady:
        """The first event of the session."""
        return SessionReady(
            self.session_id,
            model,
            rate_hz,
            self.resume_token,
            self.resumed,
            self.audio_seconds,
        )


class SessionSettings:
    """Changes with each `configure`; omitted options stay unchanged."""

    def __init__(
        self,
        configured: ListeningSettings,
        options: Options,
        priority: Priority | None = None,
        model: str = "",
    ) -> None:
        self.configured = configured
        """The settings without the client's options."""
        self._options = options
        self._priority = priority
        self._model = model

    def update(self, options: Options, model: str | None = None) -> None:
        """Take over what is not None."""
        if model is not None:
            self._model = model
        chosen = options.model_dump(exclude_none=True, exclude={"type"})
        self._options = self._options.model_copy(update=chosen)

    @property
    def listening(self) -> ListeningSettings:
        """The settings of the segmenter for this client."""
        names = ListeningSettings.model_fields.keys()
        chosen = self._options.model_dump(exclude_none=True, include=set(names))
        return self.configured.model_copy(update=chosen)

    def frontend(self, vad: VadModel, start: Start) -> AudioFrontend:
        """The frontend of a session that starts there."""
        return AudioFrontend(
            self.listening,
            vad,
            start.audio_seconds,
            encoding=self.encoding,
            channels=self.channels,
            first_id=start.utterances + 1,
            resumed=bool(start.resumed),
        )

    @property
    def silence_seconds(self) -> float:
        """The pause that ends an utterance without a turn model."""
        return self.listening.silence_max_seconds

    @property
    def turn_pauses(self) -> TurnPauses | None:
        """The rule of semantic endpointing; None for a fixed pause."""
        if not self.live or self._options.endpointing != "semantic":
            return None
        chosen = self.listening
        return SemanticPauses(chosen.semantic_min_seconds, chosen.semantic_max_seconds)

    @property
    def encoding(self) -> Encoding:
        """Of the audio that follows."""
        return self._options.encoding or PCM16

    @property
    def channels(self) -> int:
        """Of raw audio that follows."""
        return self._options.channels or 1

    @property
    def live(self) -> bool:
        """Live speech, as opposed to a recording."""
        return self._options.purpose != "file"

    @property
    def interim_results(self) -> bool:
        """Whether interim results are on."""
        return self.live and bool(self._options.interim_results)

    @property
    def priority(self) -> Priority:
        """The priority of this client's finals."""
        if self._priority is not None:
            return self._priority
        return Priority.FINAL if self.live else Priority.FILE

    def request(self, said: OpenUtterance | UtteranceEnded) -> TranscriptionRequest:
        """The engine's request for this utterance."""
        options = self._options
        return TranscriptionRequest(
            said.samples,
            options.language or AUTO,
            options.task or "transcribe",
            options.prompt or "",
            options.hotwords or "",
            bool(options.word_timestamps),
            said.voice_probability,
            self._model,
            said.voiced_seconds,
        )
