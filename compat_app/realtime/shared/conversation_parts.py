"""What clients put into a conversation: items, and what they want of a response."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chat_app.protocol.item_fields import (
    CallFields,
    MessageFields,
    Metadata,
    ReferenceFields,
    ResultFields,
)
from compat_app.realtime.shared.conversation import (
    LONGEST_INSTRUCTIONS,
    AudioOutput,
    MaxTokens,
    Modality,
    ToolChoice,
    Tools,
)
from compat_app.realtime.shared.session import Part

LONGEST_TEXT = 64_000
_WRITTEN = ("input_text", "output_text", "text")


class Content(Part):
    """A piece of a message: text, or audio with or without a transcript."""

    type: Literal["input_text", "output_text", "text", "input_audio", "output_audio"]
    text: str | None = Field(None, max_length=LONGEST_TEXT)
    transcript: str | None = Field(None, max_length=LONGEST_TEXT)
    audio: str | None = None

    @property
    def is_written(self) -> bool:
        return self.type in _WRITTEN

    @property
    def words(self) -> str:
        """The text, as far as it is known."""
        return (self.text if self.is_written else self.transcript) or ""

    @property
    def unknown_audio(self) -> str:
        """Audio in base64 that must be transcribed; empty without any."""
        known = self.is_written or self.transcript is not None
        return "" if known else self.audio or ""


class NewMessage(MessageFields, Part):
    """A message."""

    content: list[Content] = Field(max_length=64)

    @property
    def is_spoken(self) -> bool:
        return any(not each.is_written for each in self.content)

    @property
    def has_unknown_audio(self) -> bool:
        return any(each.unknown_audio for each in self.content)


class NewCall(CallFields, Part):
    """A function call, of an earlier conversation."""


class NewOutput(ResultFields, Part):
    """The result of a function call."""


class Reference(ReferenceFields, Part):
    """An item that the conversation has."""


NewItem = Annotated[NewMessage | NewCall | NewOutput, Field(discriminator="type")]
InputItem = Annotated[
    NewMessage | NewCall | NewOutput | Reference, Field(discriminator="type")
]


class ResponseAudio(Part):
    """Only output."""

    output: AudioOutput | None = None


class ResponseParams(Part):
    """What one response should be like; what is missing is that of the session."""

    conversation: Literal["auto", "none"] | None = None
    input: list[InputItem] | None = Field(None, max_length=256)
    instructions: str | None = Field(None, max_length=LONGEST_INSTRUCTIONS)
    output_modalities: list[Modality] | None = Field(None, max_length=2)
    audio: ResponseAudio | None = None
    tools: Tools | None = None
    tool_choice: ToolChoice | None = None
    max_output_tokens: MaxTokens | None = None
    metadata: Metadata | None = None
