"""The request of `POST /v1/audio/speech`.

Source: https://platform.openai.com/docs/api-reference/audio/createSpeech and
`types/audio/speech_create_params.py` of openai-python 3.54. Unknown fields are ignored:
clients send fields of other servers, such as LibreChat's `backend`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field

from common.text_cleaning import clean_text
from tts_app.speech_request import MAX_SPEED, MIN_SPEED

LONGEST_NAME = 200

SpeechFormat = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
USUAL_FORMAT: SpeechFormat = "mp3"


def _cleaned(given: Any) -> Any:
    return clean_text(given) if isinstance(given, str) else given


def _name(given: Any) -> Any:
    """A voice may also be an object with an `id`."""
    return _cleaned(given.get("id") if isinstance(given, dict) else given)


Text = Annotated[str, BeforeValidator(_cleaned)]
ShortText = Annotated[str, Field(max_length=LONGEST_NAME)]
Name = Annotated[ShortText | None, BeforeValidator(_name)]


class SpeechIn(Schema):
    """A text to speak."""

    model_config = ConfigDict(extra="ignore")

    input: Text = Field(
        description="The text, at most `tts_max_text_length` characters."
    )
    model: Name = Field(
        None,
        description="Any name is accepted unless `strict_model_names` is on. Without "
        "`voice`, the name of a voice selects it.",
    )
    voice: Name = Field(
        None,
        description="An installed voice, `VOICE:SPEAKER`, `auto`, or a name of OpenAI's "
        "or Kokoro's; also `{id}`. Without it the default voice.",
    )
    instructions: Text | None = Field(None, description="Accepted, without effect.")
    response_format: SpeechFormat | None = Field(
        None,
        description="`mp3` by default. `pcm` and `wav` are 24 kHz, 16 bit, mono.",
    )
    speed: float | None = Field(
        None,
        description="1 is normal speed, 2 is twice as fast.",
        ge=MIN_SPEED,
        le=MAX_SPEED,
        allow_inf_nan=False,
    )
    stream_format: Literal["audio", "sse"] | None = Field(
        None, description="`sse`: server-sent events with base64 audio."
    )

    @property
    def audio_format(self) -> SpeechFormat:
        return self.response_format or USUAL_FORMAT
