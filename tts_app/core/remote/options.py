"""The options of the `http` text-to-speech engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from common.remote.options import RemoteOptions

SETTING = "tts_engine_options"


class RemoteTtsOptions(RemoteOptions):
    """`tts_engine_options` for `tts_engine: http`."""

    model: str = Field("tts-1", min_length=1, description="Model to ask for.")
    voice: str = Field(
        "", description="The default voice. Empty: the first one of the list."
    )
    voices: list[str] | dict[str, str] = Field(
        [],
        description="The voices to offer: a list, or a mapping from names here to names there (`en_US-joe-medium: af_bella`). Empty: those that the server lists at `/audio/voices`.",
    )
    format: Literal["pcm", "wav"] = Field(
        "pcm",
        description="Audio format to ask for: `pcm`, or `wav` from a server whose sample rate varies.",
    )
    sample_rate: int = Field(
        24_000,
        ge=8_000,
        le=48_000,
        description="Sample rate in Hz of the server's `pcm`, and of all voices here. Audio that names another rate is resampled.",
    )
    max_audio_seconds: float = Field(
        600.0, gt=0, le=86_400, description="Longest audio of one clause."
    )

    @property
    def names_there(self) -> Mapping[str, str]:
        """The server's name of each configured voice, by its name here."""
        if isinstance(self.voices, dict):
            return self.voices
        return {name: name for name in self.voices}
