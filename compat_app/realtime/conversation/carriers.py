"""The transport of a conversation's audio."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from chat_app.conversation.options import ConversationOptions
from chat_app.core import outputs as out
from common.audio import SPEECH_RATE_HZ
from compat_app.realtime.shared.conversation import ConversationConfig


@dataclass(frozen=True)
class Carrier:
    """A transport of audio outside the events, such as a WebRTC track."""

    take: Callable[[out.ConversationEvent], None]
    """Called with every event of the conversation before the client is told of it, such
    as ReplyAudio, OutputPaused, OutputResumed and ResponseEnded. It must not block."""
    rate_hz: int = SPEECH_RATE_HZ
    """The sample rate of the mono PCM16 that is passed to `hear`."""
    ahead_seconds: float = 1.0
    """How far ReplyAudio may be ahead of playback."""


def for_carrier(
    options: ConversationOptions, carrier: Carrier | None
) -> ConversationOptions:
    """The options, with the changes that the transport of the audio needs."""
    if carrier is None:
        # Clients want audio as fast as it is made, and report how much was played.
        return replace(options, ahead_seconds=math.inf)
    listening = options.listening.model_copy(update={"encoding": "pcm_s16le"})
    return replace(options, listening=listening, ahead_seconds=carrier.ahead_seconds)


def rate_for(config: ConversationConfig, carrier: Carrier | None) -> int:
    """The sample rate of the input."""
    return carrier.rate_hz if carrier else config.hearing.format.rate_hz
