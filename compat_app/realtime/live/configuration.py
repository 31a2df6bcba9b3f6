"""The configuration of a Live session. It is strict: unknown fields are refused.

Source: `SessionConfig` of `openai.types.live` in the openai library, version 3.54.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from common.errors import BadValue
from compat_app.realtime.shared.conversation import (
    MOST_TOOLS,
    FunctionTool,
    ToolChoice,
)

PCM_RATE_HZ = 24_000
LONGEST_TEXT = 16_000
LONGEST_APPENDED = 4_000
"""OpenAI allows 500 tokens."""
MOST_HISTORY = 128


class Part(BaseModel):
    """A part of the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PcmFormat(Part):
    """Mono signed 16-bit little-endian samples."""

    type: Literal["audio/pcm"]
    rate: Literal[16_000, 24_000] = 24_000


class G711Format(Part):
    """Mono telephone audio, one byte a sample."""

    type: Literal["audio/pcmu", "audio/pcma"]
    rate: Literal[8_000] = 8_000


AudioFormat = Annotated[PcmFormat | G711Format, Field(discriminator="type")]


class CustomVoice(Part):
    """A voice by its id."""

    id: str = Field(max_length=200)


class AudioOutput(Part):
    """The voice of the replies."""

    voice: Annotated[str, Field(max_length=200)] | CustomVoice | None = None


class SessionAudio(Part):
    """The encoding in both directions, and the voice."""

    format: AudioFormat | None = None
    output: AudioOutput | None = None


class ClientDelegation(Part):
    """The client answers."""

    type: Literal["client"]
    acknowledgement_delay_ms: int | None = Field(None, ge=0, le=60_000)


class LiveTool(FunctionTool):
    """A function of the client."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Backend(Part):
    """How the language model answers. What only steers OpenAI's models is accepted."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str = Field("", max_length=200)
    instructions: str | None = Field(None, max_length=LONGEST_TEXT)
    max_output_tokens: int | None = Field(None, ge=1, le=100_000)
    tools: list[LiveTool] | None = Field(None, max_length=MOST_TOOLS)
    tool_choice: ToolChoice | None = None

    @field_validator("tools", mode="before")
    @classmethod
    def _are_functions(cls, given: Any) -> Any:
        for tool in given if isinstance(given, list) else []:
            kind = tool.get("type") if isinstance(tool, dict) else None
            if kind != "function":
                raise ValueError(
                    f"tools of the type {kind!r:.50} run at OpenAI; this server takes "
                    "`function`, which your program runs"
                )
        return given


class ResponsesDelegation(Part):
    """This server's language model answers."""

    type: Literal["responses"]
    responses: Backend = Backend()
    acknowledgement_delay_ms: int | None = Field(None, ge=0, le=60_000)


Delegation = Annotated[
    ClientDelegation | ResponsesDelegation, Field(discriminator="type")
]


class HistoryText(Part):
    """The content of an earlier message."""

    type: Literal["input_text", "text", "output_text"] = "input_text"
    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


class HistoryItem(Part):
    """A message from before the session."""

    role: Literal["developer", "user", "assistant"]
    content: list[HistoryText] = Field(min_length=1, max_length=1)
    id: str | None = Field(None, max_length=64)
    status: Literal["incomplete", "completed"] | None = None
    type: Literal["message"] = "message"


class SessionConfig(Part):
    """What `session.start` chooses. It cannot be changed, but for the delegation."""

    model: str = Field(min_length=1, max_length=200)
    instructions: str | None = Field(None, max_length=LONGEST_TEXT)
    audio: SessionAudio = SessionAudio()
    delegation: Delegation | None = None
    input: list[HistoryItem] = Field([], max_length=MOST_HISTORY)
    store: Literal[False] | None = None
    safety_identifier: str | None = Field(None, max_length=512)

    @property
    def client_answers(self) -> bool:
        return isinstance(self.delegation, ClientDelegation)

    @property
    def shows_responses(self) -> bool:
        """Whether the client follows what the language model does."""
        return isinstance(self.delegation, ResponsesDelegation)

    @property
    def backend(self) -> Backend:
        """How the language model answers, if it does."""
        given = self.delegation
        return given.responses if isinstance(given, ResponsesDelegation) else Backend()

    @property
    def format(self) -> PcmFormat | G711Format:
        return self.audio.format or PcmFormat(type="audio/pcm", rate=PCM_RATE_HZ)

    @property
    def voice(self) -> str:
        """The name that the client gave; empty without one."""
        voice = self.audio.output.voice if self.audio.output else None
        return voice.id if isinstance(voice, CustomVoice) else voice or ""

    def updated(self, delegation: Delegation | None) -> SessionConfig:
        """With other settings of the same delegation; of the language model's only those
        that are given. Raises BadValue."""
        if delegation is None:
            return self
        if type(delegation) is not type(self.delegation):
            raise BadValue(
                "The type of the delegation cannot change during a session.",
                field="session.delegation.type",
            )
        if isinstance(delegation, ResponsesDelegation):
            given = delegation.responses.model_dump(exclude_unset=True)
            whole = {**self.backend.model_dump(exclude_unset=True), **given}
            changes = {"responses": Backend.model_validate(whole)}
            delegation = delegation.model_copy(update=changes)
        return self.model_copy(update={"delegation": delegation})

    def wire(self) -> dict[str, Any]:
        """As `session.started` shows it."""
        shown = self.model_dump(exclude_none=True, exclude={"input", "audio"})
        output = {"voice": self.voice} if self.voice else None
        audio = {"format": self.format.model_dump(), "output": output}
        shown["audio"] = {name: value for name, value in audio.items() if value}
        return shown
