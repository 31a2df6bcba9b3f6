"""The URL parameters of `/v1/speak`, and the voices that its models mean."""

from __future__ import annotations

from pydantic import Field

from common.errors import BadValue
from compat_app.deepgram.queries import TELEPHONE, TELEPHONE_RATE_HZ, Query
from compat_app.deepgram.speak.output import AudioOutput
from tts_app.core.engine import VoiceSettings
from tts_app.core.speech.encoding import check_encoding
from tts_app.speech_request import MAX_SPEED, MIN_SPEED
from tts_app.voices.selector import AvailableVoices

LINEAR_RATE_HZ = 24_000
_CONTAINERS: dict[str, tuple[str, ...]] = {
    "linear16": ("wav", "none"),
    "mulaw": ("wav", "none"),
    "alaw": ("wav", "none"),
    "opus": ("ogg",),
    "mp3": ("none",),
    "flac": ("none",),
    "aac": ("none",),
}
"""By encoding, the default first."""
SOCKET_ENCODINGS = ("linear16", "mulaw", "alaw")
_FAMILY = "aura-"


class SpeakQuery(Query):
    """What speech to make."""

    model: str = Field("", max_length=200)
    encoding: str | None = Field(None, max_length=20)
    container: str | None = Field(None, max_length=20)
    sample_rate: int | None = Field(None, ge=8_000, le=48_000)
    speed: float = Field(1.0, ge=MIN_SPEED, le=MAX_SPEED, allow_inf_nan=False)
    callback: str | None = None

    def file_output(self) -> AudioOutput:
        """The audio file of `POST /v1/speak`, MP3 by default. Raises BadValue."""
        if self.callback is not None:
            raise BadValue(
                "`callback` is not supported; the response is the audio.",
                field="callback",
            )
        encoding = self.encoding or "mp3"
        _check_one_of("encoding", encoding, tuple(_CONTAINERS))
        containers = _CONTAINERS[encoding]
        container = self.container or containers[0]
        _check_one_of("container", container, containers)
        return self._output(encoding, container)

    def socket_output(self) -> AudioOutput:
        """The audio of `WS /v1/speak`: samples without a header. Raises BadValue."""
        encoding = self.encoding or "linear16"
        _check_one_of("encoding", encoding, SOCKET_ENCODINGS)
        _check_one_of("container", self.container or "none", ("none",))
        return self._output(encoding, "none")

    def voice(self, available: AvailableVoices) -> VoiceSettings:
        """The voice that `model` means, with the speed."""
        return VoiceSettings(voice=voice_name(self.model, available), speed=self.speed)

    def _output(self, encoding: str, container: str) -> AudioOutput:
        rate_hz = self.sample_rate
        if rate_hz is None and encoding in TELEPHONE:
            rate_hz = TELEPHONE_RATE_HZ
        if rate_hz is None and encoding == "linear16":
            rate_hz = LINEAR_RATE_HZ
        output = AudioOutput(encoding, container, rate_hz)
        check_encoding(output.audio_format, rate_hz)
        return output


def voice_name(model: str, available: AvailableVoices) -> str:
    """A voice of this server by its name; for `aura-2-celeste-es` one that speaks
    Spanish, if there is one; else the default voice.
    """
    if model in [voice.name for voice in available.voices]:
        return model
    language = model.rpartition("-")[2] if model.startswith(_FAMILY) else ""
    spoken = {voice.name: voice.language[:2] for voice in available.voices}
    if not language or spoken.get(available.default) == language:
        return available.default
    matching = [name for name, each in spoken.items() if each == language]
    return matching[0] if matching else available.default


def _check_one_of(field: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise BadValue(
            f"`{field}` {given[:20]} is not supported here; use {', '.join(allowed)}.",
            field=field,
        )
