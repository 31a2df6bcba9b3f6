"""Who speaks, and how the audio travels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from chat_app.conversation.options import ConversationOptions
from chat_app.core import outputs as out
from common.audio import SPEECH_RATE_HZ
from compat_app.realtime.shared.conversation import ConversationConfig
from gateway_app.access.principals import Principal


@dataclass(frozen=True)
class Caller:
    """Who speaks."""

    principal: Principal
    client: str
    session_id: str


@dataclass(frozen=True)
class Carrier:
    """Audio that does not travel in events, as with WebRTC."""

    take: Callable[[out.ConversationEvent], None]
    """Gets every event of the conversation before the client is told of it: above all
    ReplyAudio, OutputPaused, OutputResumed and ResponseEnded. It must not wait."""
    rate_hz: int = SPEECH_RATE_HZ
    """Of the mono PCM16 that is given to `hear`."""
    ahead_seconds: float = 1.0
    """How far ReplyAudio may be ahead of what was heard."""


def for_carrier(
    options: ConversationOptions, carrier: Carrier | None
) -> ConversationOptions:
    """The options with what the way of the audio asks for."""
    if carrier is None:
        # Clients want audio as fast as it is made, and say how much was heard.
        return replace(options, ahead_seconds=math.inf)
    listening = options.listening.model_copy(update={"encoding": "pcm_s16le"})
    return replace(options, listening=listening, ahead_seconds=carrier.ahead_seconds)


def rate_for(config: ConversationConfig, carrier: Carrier | None) -> int:
    """The sample rate of the input."""
    return carrier.rate_hz if carrier else config.hearing.format.rate_hz
