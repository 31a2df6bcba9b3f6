"""The URL parameters of `/v1/listen`, live and for recordings."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from common.errors import BadValue
from compat_app.deepgram.queries import AudioQuery, live_options
from stt_app.core.files.file_transcriber import MAX_TRACKS
from stt_app.core.languages import AUTO
from stt_app.core.session.options import MAX_CHANNELS, Options

LONGEST_ENDPOINTING_MS = 10_000
NO_ENDPOINTS = -1
"""`endpointing=false`."""


def _milliseconds(given: str) -> str | int | None:
    return {"true": None, "false": NO_ENDPOINTS}.get(given.lower(), given)


class LiveQuery(AudioQuery):
    """The parameters of the WebSocket."""

    channels: int = Field(1, ge=1, le=MAX_CHANNELS)
    multichannel: bool = False
    interim_results: bool = False
    endpointing: Annotated[int | None, BeforeValidator(_milliseconds)] = Field(
        None, ge=NO_ENDPOINTS
    )
    utterance_end_ms: int | None = Field(None, ge=1, le=60_000)
    vad_events: bool = False

    @property
    def detects_language(self) -> bool:
        """Whether the client wants to know the language."""
        return self.stt_language == AUTO

    @property
    def tells_endpoints(self) -> bool:
        """Whether a pause makes a result `speech_final`."""
        return self.endpointing != NO_ENDPOINTS

    def check(self) -> None:
        """Raises BadValue for what cannot be done."""
        self.check_supported()
        if self.multichannel and self.channels > 1:
            raise BadValue(
                "`multichannel` is not supported; leave it out, and the channels are mixed.",
                field="multichannel",
            )
        if self.utterance_end_ms is not None and not self.interim_results:
            raise BadValue(
                "`utterance_end_ms` needs `interim_results=true`.",
                field="utterance_end_ms",
            )

    def options(self, least_endpointing_ms: int) -> Options:
        """The options of the session. Raises BadValue."""
        silence = self._silence_seconds(least_endpointing_ms)
        return live_options(
            self,
            channels=self.channels,
            interim_results=self.interim_results,
            silence_max_seconds=silence,
        )

    def _silence_seconds(self, least_endpointing_ms: int) -> float | None:
        """The pause that ends an utterance; None leaves it to the configuration."""
        if self.endpointing is None or self.endpointing == NO_ENDPOINTS:
            return None
        longest = min(self.endpointing, LONGEST_ENDPOINTING_MS)
        return max(longest, least_endpointing_ms) / 1000


class FileQuery(AudioQuery):
    """The parameters of `POST /v1/listen`."""

    channels: int = Field(1, ge=1, le=MAX_CHANNELS)
    track: int | None = Field(None, ge=1, le=MAX_TRACKS)
    utterances: bool = False
    detect_language: bool = False

    @property
    def detects_language(self) -> bool:
        """Whether the client wants to know the language."""
        return self.detect_language or self.stt_language == AUTO

    def options(self) -> Options:
        """The options of the transcription. Raises BadValue."""
        found = live_options(self)
        return found.model_copy(
            update={"language": AUTO} if self.detect_language else {}
        )
