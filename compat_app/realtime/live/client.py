"""The events of a client of `/v1/live/sessions`, each declared once; codec and documentation come from here.

Source: the types of `openai.types.live` in the openai library, version 3.54.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from chat_app.core.dialogue import Item
from chat_app.protocol.item_fields import LONGEST_RESULT
from common.text_cleaning import clean_text
from compat_app.realtime.live.configuration import (
    LONGEST_APPENDED,
    LONGEST_TEXT,
    Delegation,
    Part,
    SessionConfig,
)

_STARTED_EXAMPLE = {"model": "gpt-live-1", "instructions": "Answer briefly."}
_LONGEST_ID = 64


class ClientEvent(BaseModel):
    """An event of a client. Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: str | None = Field(
        None,
        max_length=512,
        description="The client's own id; an answer or an `error` repeats it as `client_event_id`.",
    )


class SessionStart(ClientEvent):
    """The first event: it chooses the configuration. Answered by `session.started`."""

    type: Literal["session.start"] = "session.start"
    session: SessionConfig = Field(
        description="`model` (required), `instructions`, `audio.format` (`audio/pcm` with 16000 or 24000 Hz, `audio/pcmu`, `audio/pcma`), `audio.output.voice`, `delegation` (`client`: the client answers; otherwise this server's language model does) and `input` (earlier messages).",
        examples=[_STARTED_EXAMPLE],
    )


class SessionChanges(BaseModel):
    """What can change."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delegation: Delegation | None = None


class SessionUpdate(ClientEvent):
    """Change the settings of the delegation. Answered by `session.updated`."""

    type: Literal["session.update"] = "session.update"
    session: SessionChanges = Field(
        description="`delegation`, of the type that the session began with.",
        examples=[{"delegation": {"type": "client"}}],
    )


class AppendAudio(ClientEvent):
    """Audio in the session's format. There is no answer."""

    type: Literal["session.input_audio.append"] = "session.input_audio.append"
    audio: str = Field(description="Mono audio in base64.", examples=["AAAAAA=="])


class MuteInput(ClientEvent):
    """Treat the audio that follows as silence. Answered by `session.input_audio.muted`."""

    type: Literal["session.input_audio.mute"] = "session.input_audio.mute"


class UnmuteInput(ClientEvent):
    """Listen again. Answered by `session.input_audio.unmuted`."""

    type: Literal["session.input_audio.unmute"] = "session.input_audio.unmute"


class _Append(ClientEvent):
    content: str = Field(
        min_length=1,
        max_length=LONGEST_APPENDED,
        description=f"The text, {LONGEST_APPENDED} characters at most.",
        examples=["The order has arrived."],
    )
    delegation_id: str | None = Field(
        None, max_length=_LONGEST_ID, description="The delegation that it is about."
    )

    @field_validator("content")
    @classmethod
    def _is_not_blank(cls, given: str) -> str:
        if not clean_text(given).strip():
            raise ValueError("there are no characters but spaces in it")
        return given


class AppendInstructions(_Append):
    """Add instructions. Before anything was said they are answered, as with a greeting; later they only count for the replies that follow."""

    type: Literal["session.instructions.append"] = "session.instructions.append"


class AppendThinking(_Append):
    """Add facts that are not spoken. Answered by `session.thinking.appended`."""

    type: Literal["session.thinking.append"] = "session.thinking.append"


class AppendCommentary(_Append):
    """Have this text spoken, after what is being spoken. Answered by `session.commentary.appended`."""

    type: Literal["session.commentary.append"] = "session.commentary.append"


class BackendText(Part):
    """Typed text."""

    type: Literal["input_text", "output_text", "text"] = "input_text"
    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


class BackendItem(BaseModel):
    """An item of the Responses API. What only OpenAI keeps of it is accepted."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class BackendMessage(BackendItem):
    """A message that was typed."""

    type: Literal["message"] = "message"
    role: Literal["user", "assistant", "system", "developer"]
    content: (
        Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
        | Annotated[list[BackendText], Field(min_length=1, max_length=16)]
    )

    def as_item(self) -> Item:
        content = self.content
        if not isinstance(content, str):
            content = "\n".join(each.text for each in content)
        return Item("", "system" if self.role == "developer" else self.role, content)


class FunctionResult(BackendItem):
    """What a function has returned."""

    type: Literal["function_call_output"]
    call_id: str = Field(min_length=1, max_length=_LONGEST_ID)
    output: str = Field(max_length=LONGEST_RESULT)

    def as_item(self) -> Item:
        kind: Literal["function_call_output"] = "function_call_output"
        return Item("", kind=kind, call_id=self.call_id, output=self.output)


class ResponseItemCreate(ClientEvent):
    """With a `responses` delegation: add an item to what the language model knows. There is no answer."""

    type: Literal["response.item.create"] = "response.item.create"
    item: Annotated[BackendMessage | FunctionResult, Field(discriminator="type")] = (
        Field(
            description="The result of a function (`function_call_output` with `call_id` and `output`), or a `message` with text.",
            examples=[
                {
                    "type": "function_call_output",
                    "call_id": "call_1a2b3c4d5e6f",
                    "output": "It rains.",
                }
            ],
        )
    )

    @field_validator("item", mode="before")
    @classmethod
    def _is_a_message_by_default(cls, given: Any) -> Any:
        if isinstance(given, dict) and "type" not in given:
            return {**given, "type": "message"}
        return given


class ResponseCreate(ClientEvent):
    """With a `responses` delegation: have the language model answer, or go on with the results of functions. It waits until nobody speaks."""

    type: Literal["response.create"] = "response.create"


class SessionClose(ClientEvent):
    """End the session. Answered by `session.closed`, then the connection closes."""

    type: Literal["session.close"] = "session.close"


CLIENT_MESSAGES = (
    SessionStart,
    SessionUpdate,
    AppendAudio,
    MuteInput,
    UnmuteInput,
    AppendInstructions,
    AppendThinking,
    AppendCommentary,
    ResponseItemCreate,
    ResponseCreate,
    SessionClose,
)
ClientMessage = (
    SessionStart
    | SessionUpdate
    | AppendAudio
    | MuteInput
    | UnmuteInput
    | AppendInstructions
    | AppendThinking
    | AppendCommentary
    | ResponseItemCreate
    | ResponseCreate
    | SessionClose
)
_Tagged = Annotated[ClientMessage, Field(discriminator="type")]
CLIENT_FAMILY: TypeAdapter[Any] = TypeAdapter(_Tagged)
