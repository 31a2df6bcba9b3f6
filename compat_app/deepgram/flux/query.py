"""The URL parameters of `/v2/listen`."""

from __future__ import annotations

from pydantic import Field

from common.config.speech import ListeningSettings
from compat_app.deepgram.flux.messages import Thresholds
from compat_app.deepgram.flux.thresholds import TurnEnd
from compat_app.deepgram.queries import AudioQuery, live_options
from stt_app.core.languages import AUTO
from stt_app.core.session.options import Options

_MULTILINGUAL = "-multi"
_ENGLISH = "-en"


class FluxQuery(AudioQuery):
    """The parameters of the WebSocket."""

    eot_threshold: float | None = Field(None, allow_inf_nan=False)
    eager_eot_threshold: float | None = Field(None, allow_inf_nan=False)
    eot_timeout_ms: int | None = None
    language_hint: list[str] = []

    @property
    def is_multilingual(self) -> bool:
        """Whether the client wants to know the language."""
        return self.model.endswith(_MULTILINGUAL)

    @property
    def stt_language(self) -> str | None:
        """That of the parameter, of a single hint, or of the model's name."""
        if self.language is not None:
            return self.language
        if self.language_hint or self.is_multilingual:
            return hinted_language(self.language_hint)
        return "en" if self.model.endswith(_ENGLISH) else None

    def turn_end(self, settings: ListeningSettings) -> TurnEnd:
        """When turns end. Raises BadValue for a threshold that is out of range."""
        given = Thresholds(
            eot_threshold=self.eot_threshold,
            eager_eot_threshold=self.eager_eot_threshold,
            eot_timeout_ms=self.eot_timeout_ms,
        )
        return TurnEnd(
            settings.silence_max_seconds,
            settings.semantic_min_seconds,
            settings.semantic_max_seconds,
        ).changed(given)

    def options(self) -> Options:
        """The options of the session. Raises BadValue."""
        return live_options(self, interim_results=True)


def hinted_language(hints: list[str]) -> str:
    """The only hinted language; else it is detected."""
    return hints[0] if len(hints) == 1 else AUTO
