"""Opens a conversation for one caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from chat_app.conversation.caller import Caller
from chat_app.services import conversation_services
from compat_app.realtime.conversation.carriers import (
    Carrier,
    for_carrier,
    rate_for,
)
from compat_app.realtime.conversation.choices import Choices
from compat_app.realtime.conversation.conversation import RealtimeConversation
from compat_app.realtime.shared.conversation import (
    ConversationChanges,
    ConversationConfig,
)
from gateway_app.services import gateway_services
from stt_app.services import listening_services
from tts_app.services import speech_services

log = structlog.get_logger(__name__)


def choices_of(scope: Mapping[str, Any]) -> Choices:
    """The services of this process. Raises NotFound if it holds no conversations."""
    conversations = conversation_services(scope).conversations
    speech = speech_services(scope)
    return Choices(
        gateway_services(scope).config,
        conversations,
        listening_services(scope).listening,
        speech.speech,
        speech.llm,
    )


async def open_conversation(
    choices: Choices,
    caller: Caller,
    *,
    model: str = "",
    changes: ConversationChanges | None = None,
    carrier: Carrier | None = None,
) -> RealtimeConversation:
    """Open a conversation. It begins even if its models are not warm.

    `model` is that of the address, and `changes` are made to the initial configuration.
    Raises UnknownModel, BadValue, Refused for changes that are not possible,
    QuotaExceeded, and Overloaded while transcripts come late.
    """
    config = await configured(choices, model, changes)
    options = for_carrier(await choices.options(config), carrier)
    if not_ready := await choices.conversations.not_warm(options):
        log.info("conversation begins without a warm model", models=list(not_ready))
    engine = await choices.conversations.open(
        options, caller, rate_hz=rate_for(config, carrier)
    )
    return RealtimeConversation(engine, choices, config, caller, carrier)


async def configured(
    choices: Choices, model: str, changes: ConversationChanges | None
) -> ConversationConfig:
    """The initial configuration. Raises as `open_conversation`."""
    config = await choices.initial(model or (changes and changes.model) or "")
    return config.updated(changes) if changes else config
