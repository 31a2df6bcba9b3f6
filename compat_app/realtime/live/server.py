"""The events of the server of `/v1/live/sessions`, each declared once; codec and documentation come from here.

Source: the types of `openai.types.live` in the openai library, version 3.54.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from chat_app.protocol import event

_SESSION_EXAMPLE = {"model": "gpt-live-1", "instructions": "Answer briefly."}


class ServerEvent(event.ServerEvent):
    """An event of the server."""

    client_event_id: str | None = Field(
        None, description="The id of the client's event that this answers."
    )


class SessionEvent(ServerEvent):
    """An event with the whole configuration."""

    session: dict[str, Any] = Field(
        description="The configuration in effect, with `id`, `status` and `expires_at` (in Unix time).",
        examples=[_SESSION_EXAMPLE],
    )


class SessionStarted(SessionEvent):
    """The session has begun."""

    type: Literal["session.started"] = "session.started"


class SessionUpdated(SessionEvent):
    """The delegation has changed."""

    type: Literal["session.updated"] = "session.updated"


class InputMuted(ServerEvent):
    """The input is muted."""

    type: Literal["session.input_audio.muted"] = "session.input_audio.muted"


class InputUnmuted(ServerEvent):
    """The input is heard again."""

    type: Literal["session.input_audio.unmuted"] = "session.input_audio.unmuted"


class TimedEvent(ServerEvent):
    """An event with its place in the session."""

    start_ms: int = Field(description="Since the start of the session.", examples=[900])
    end_ms: int = Field(description="Since the start.", examples=[2_300])


class InputTranscript(TimedEvent):
    """The next words of the user, while they speak. Join the pieces."""

    type: Literal["session.input_transcript.delta"] = "session.input_transcript.delta"
    delta: str = Field(description="The words.", examples=["What is the time?"])


class OutputTranscript(TimedEvent):
    """The words of the audio that follows. Join the pieces."""

    type: Literal["session.output_transcript.delta"] = "session.output_transcript.delta"
    delta: str = Field(description="The words.", examples=["It is noon."])


class InstructionsAppended(TimedEvent):
    """The instructions count from now on."""

    type: Literal["session.instructions.appended"] = "session.instructions.appended"


class ThinkingAppended(TimedEvent):
    """The language model knows it from now on."""

    type: Literal["session.thinking.appended"] = "session.thinking.appended"


class CommentaryAppended(TimedEvent):
    """The text will be spoken."""

    type: Literal["session.commentary.appended"] = "session.commentary.appended"


class OutputAudio(BaseModel):
    """The next piece of audio, in real time. Play the pieces one after another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["session.output_audio.delta"] = "session.output_audio.delta"
    delta: str = Field(
        description="In base64, in the session's format.", examples=["AAAAAA=="]
    )


class DelegationDetails(BaseModel):
    """Who is to answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    type: Literal["delegation"] = "delegation"
    target: Literal["client", "responses"] = "client"
    response_id: str | None = None


class DelegationCreated(ServerEvent):
    """The user's turn has ended. The client is to answer it with `session.commentary.append`, or with the target `responses` the language model does."""

    type: Literal["session.delegation.created"] = "session.delegation.created"
    delegation: DelegationDetails = Field(
        description="The `id` for `delegation_id`, and `target`: `client` or `responses`, which has a `response_id` too."
    )
    offset_ms: int = Field(description="Since the start.", examples=[2_300])


class ResponseEvent(ServerEvent):
    """What the language model does for a `responses` delegation."""

    type: Literal["response.event"] = "response.event"
    event: dict[str, Any] = Field(
        description="An event of OpenAI's Responses API: `response.created`, `response.output_item.added` and `.done`, `response.output_text.delta` and `.done`, `response.function_call_arguments.done`, `response.completed`, `.incomplete` or `.failed`.",
        examples=[
            {"type": "response.output_text.delta", "sequence_number": 3, "delta": "It "}
        ],
    )
    delegation_id: str | None = Field(
        None, description="The delegation that it belongs to."
    )


class SessionUsage(BaseModel):
    """How long the session has lasted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float


class UsageUpdated(ServerEvent):
    """Sent every minute."""

    type: Literal["session.usage.updated"] = "session.usage.updated"
    usage: SessionUsage = Field(description="`seconds` since the start.")


ClosedReason = Literal["close_requested", "expired", "connection_lost"]


class SessionClosed(SessionEvent):
    """The last event."""

    type: Literal["session.closed"] = "session.closed"
    reason: ClosedReason = Field(
        description="`close_requested` by the client, `expired` at a time limit, or at a quota after an `error` with the code `insufficient_quota`, `connection_lost` when the server restarts."
    )
    usage: SessionUsage = Field(description="`seconds` since the start.")


class ErrorDetails(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    code: str
    message: str
    param: str | None
    client_event_id: str | None


class ErrorEvent(ServerEvent):
    """An event of the client was refused, or something failed. The session goes on."""

    type: Literal["error"] = "error"
    error: ErrorDetails = Field(
        description="`type`, `code`, `message`, `param` and `client_event_id`."
    )


SERVER_MESSAGES = (
    SessionStarted,
    SessionUpdated,
    InputMuted,
    InputUnmuted,
    InputTranscript,
    OutputTranscript,
    OutputAudio,
    DelegationCreated,
    ResponseEvent,
    InstructionsAppended,
    ThinkingAppended,
    CommentaryAppended,
    UsageUpdated,
    SessionClosed,
    ErrorEvent,
)
