"""The messages of the server on `/ws/voice` that the OpenAI Realtime API does not have."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chat_app.protocol.event import ITEM, RESPONSE, ServerEvent
from chat_app.protocol.server import STANDARD_MESSAGES


class Candidate(ServerEvent):
    """A sound during the reply that may be speech: a client may lower its volume."""

    type: Literal["x.speech.candidate"] = "x.speech.candidate"


class Caption(ServerEvent):
    """What the user is saying, so far. It may change."""

    type: Literal["x.caption"] = "x.caption"
    item_id: str = ITEM
    text: str = Field(description="All of it.", examples=["what time"])


class Probability(ServerEvent):
    """A pause: how long it must be to end the turn."""

    type: Literal["x.turn.probability"] = "x.turn.probability"
    p: float | None = Field(
        None, description="The turn model's probability that the turn is complete."
    )
    commit_in_ms: int = Field(description="The pause that ends it.", examples=[288])


class Dropped(ServerEvent):
    """There was nothing to answer: `no_words`, `backchannel`, `echo` or `cleared`."""

    type: Literal["x.turn.dropped"] = "x.turn.dropped"
    item_id: str = ITEM
    reason: str = Field(description="Why.", examples=["backchannel"])


class Reopened(ServerEvent):
    """The turn was committed too early: both items are gone, and the turn goes on."""

    type: Literal["x.turn.reopened"] = "x.turn.reopened"
    item_id: str = ITEM
    response_item_id: str = Field(description="The item of the reply that was begun.")


class Pause(ServerEvent):
    """The user may be interrupting: pause the playback."""

    type: Literal["x.output.pause"] = "x.output.pause"
    response_id: str = RESPONSE


class Resume(ServerEvent):
    """It was no interruption: go on."""

    type: Literal["x.output.resume"] = "x.output.resume"
    response_id: str = RESPONSE


class Clause(ServerEvent):
    """The audio that follows is that of this clause."""

    type: Literal["x.output.clause"] = "x.output.clause"
    response_id: str = RESPONSE
    clause: int = Field(description="Counted from 0.", examples=[0])
    start_ms: int = Field(description="Its start in the reply.", examples=[0])
    text: str = Field(description="The words that are spoken.", examples=["Hello,"])
    rate: int = Field(description="The audio's sample rate in Hz.", examples=[22_050])


class Metrics(ServerEvent):
    """The stages of the turn."""

    type: Literal["x.metrics"] = "x.metrics"
    response_id: str = RESPONSE
    stages_ms: dict[str, float] = Field(
        description="Milliseconds from the end of the user's speech to `transcribed`, `rated`, `endpoint`, `committed`, `llm_first_token`, `first_audio` and `first_sent`.",
        examples=[{"committed": 330.0, "first_sent": 410.0}],
    )


class ClosingSoon(ServerEvent):
    """The connection is about to reach its time limit."""

    type: Literal["x.closing"] = "x.closing"
    seconds: float = Field(description="How long it lasts.", examples=[60.0])


SERVER_MESSAGES = (
    *STANDARD_MESSAGES,
    *(Candidate, Caption, Probability, Dropped, Reopened, Pause, Resume, Clause),
    *(Metrics, ClosingSoon),
)
