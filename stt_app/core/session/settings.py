"""What one client wants, put together from the configuration and its own options."""

from __future__ import annotations

from common.audio import Samples
from common.config.speech import ListeningSettings
from common.workers import Priority
from stt_app.core.codecs.decoders import PCM16, Encoding
from stt_app.core.engine import TranscriptionRequest
from stt_app.core.languages import AUTO
from stt_app.core.session.options import Options


class SessionSettings:
    """Changes with each `configure`; what the client leaves out, stays."""

    def __init__(self, settings: ListeningSettings, options: Options) -> None:
        self._settings = settings
        self._options = options

    def update(self, options: Options) -> None:
        chosen = options.model_dump(exclude_none=True, exclude={"type"})
        self._options = self._options.model_copy(update=chosen)

    @property
    def listening(self) -> ListeningSettings:
        """How this client's speech is found."""
        names = ListeningSettings.model_fields.keys()
        chosen = self._options.model_dump(exclude_none=True, include=set(names))
        return self._settings.model_copy(update=chosen)

    @property
    def encoding(self) -> Encoding:
        return self._options.encoding or PCM16

    @property
    def live(self) -> bool:
        """Somebody speaks and waits, as opposed to a recording."""
        return self._options.purpose != "file"

    @property
    def partials(self) -> bool:
        return self.live and bool(self._options.interim_results)

    @property
    def priority(self) -> Priority:
        """How urgent this client's texts are."""
        return Priority.FINAL if self.live else Priority.FILE

    def request(
        self, samples: Samples, voice_probability: float
    ) -> TranscriptionRequest:
        """What the engine is asked about these samples."""
        options = self._options
        return TranscriptionRequest(
            samples,
            options.language or AUTO,
            options.task or "transcribe",
            options.prompt or "",
            options.hotwords or "",
            bool(options.word_timestamps),
            voice_probability,
        )
