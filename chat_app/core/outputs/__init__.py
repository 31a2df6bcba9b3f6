"""The domain events of a conversation; every endpoint maps them to its own messages."""

from __future__ import annotations

from chat_app.core.outputs.conversation import (
    ClosingSoon,
    ItemAdded,
    ItemDeleted,
    ItemTruncated,
)
from chat_app.core.outputs.responses import (
    ClauseSpoken,
    FunctionCalled,
    MessageEnded,
    MessageStarted,
    OutputPaused,
    OutputResumed,
    ReplyAudio,
    ReplyText,
    ResponseEnded,
    ResponseStarted,
    Status,
)
from chat_app.core.outputs.turns import (
    CandidateHeard,
    CaptionHeard,
    DelayChosen,
    InputFailed,
    SilenceCommitted,
    SpeechStarted,
    SpeechStopped,
    TurnCommitted,
    TurnDropped,
    TurnReopened,
)

__all__ = [
    "CandidateHeard",
    "CaptionHeard",
    "ClauseSpoken",
    "ClosingSoon",
    "ConversationEvent",
    "DelayChosen",
    "FunctionCalled",
    "InputFailed",
    "ItemAdded",
    "ItemDeleted",
    "ItemTruncated",
    "MessageEnded",
    "MessageStarted",
    "OutputPaused",
    "OutputResumed",
    "ReplyAudio",
    "ReplyText",
    "ResponseEnded",
    "ResponseStarted",
    "SilenceCommitted",
    "SpeechStarted",
    "SpeechStopped",
    "Status",
    "TurnCommitted",
    "TurnDropped",
    "TurnReopened",
]

ConversationEvent = (
    CandidateHeard
    | SpeechStarted
    | SpeechStopped
    | CaptionHeard
    | DelayChosen
    | TurnCommitted
    | SilenceCommitted
    | TurnDropped
    | TurnReopened
    | ResponseStarted
    | MessageStarted
    | ReplyText
    | ClauseSpoken
    | ReplyAudio
    | MessageEnded
    | FunctionCalled
    | ResponseEnded
    | OutputPaused
    | OutputResumed
    | ItemAdded
    | ItemTruncated
    | ItemDeleted
    | InputFailed
    | ClosingSoon
)
