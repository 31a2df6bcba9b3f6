"""The events that a client sends, checked; fields that nobody declared are ignored."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from wyoming.event import Event

from common.messages import explain


class Message(BaseModel):
    """The data of one event."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Describe(Message):
    """What is offered here?"""


class Ping(Message):
    """Is anybody there?"""

    text: str | None = None


class Transcribe(Message):
    """How to transcribe the audio that follows."""

    name: str | None = None
    language: str | None = None
    vad_sensitivity: str | None = None
    transcript_names: list[str] = []
    transcript_terms: list[str] = []


class AudioFormat(Message):
    """Raw audio: samples a second, bytes a sample, channels."""

    rate: int
    width: int
    channels: int

    def is_like(self, other: AudioFormat) -> bool:
        """Whether both describe the same format."""
        mine = (self.rate, self.width, self.channels)
        return mine == (other.rate, other.width, other.channels)


class AudioStart(AudioFormat):
    """Audio of this format follows."""


class AudioChunk(AudioFormat):
    """Audio in its payload."""


class AudioStop(Message):
    """The audio has ended."""


class Voice(Message):
    """Who speaks; a `name` counts more than a `language`."""

    name: str | None = None
    language: str | None = None
    speaker: str | int | None = None


class SynthesizeStart(Message):
    """Text follows in pieces."""

    voice: Voice | None = None
    text_format: Literal["text", "ssml"] | None = None


class Synthesize(SynthesizeStart):
    """A whole text to speak."""

    text: str


class SynthesizeChunk(Message):
    """A piece of text."""

    text: str


class SynthesizeStop(Message):
    """The text has ended."""


MESSAGES: dict[str, type[Message]] = {
    "describe": Describe,
    "ping": Ping,
    "transcribe": Transcribe,
    "audio-start": AudioStart,
    "audio-chunk": AudioChunk,
    "audio-stop": AudioStop,
    "synthesize": Synthesize,
    "synthesize-start": SynthesizeStart,
    "synthesize-chunk": SynthesizeChunk,
    "synthesize-stop": SynthesizeStop,
}


def read(event: Event) -> Message | None:
    """The message; None for an event that this server does not know.

    The protocol expects such events to be ignored. Raises BadValue naming the field.
    """
    message = MESSAGES.get(event.type)
    if message is None:
        return None
    # A field that is null is a field that was left out.
    data = {name: value for name, value in event.data.items() if value is not None}
    try:
        return message.model_validate(data)
    except ValidationError as error:
        raise explain(error, data) from error
