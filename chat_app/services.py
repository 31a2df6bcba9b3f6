"""The services of spoken conversation in a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chat_app.conversation.records import ConversationRecorder
from chat_app.resume.parking import Parking
from chat_app.service import ConversationService
from common.config import Config
from common.errors import NotFound
from common.services import Services
from gateway_app.usage.accounts import UNMETERED, Accounts
from stt_app.services import ListeningServices
from tts_app.services import SpeechServices


@dataclass(frozen=True)
class ConversationServices:
    """Absent in a process that does not both listen and speak."""

    conversations: ConversationService
    parking: Parking
    """The parked conversations of `/ws/voice`."""


def build_conversations(
    config: Config,
    listening: ListeningServices,
    speech: SpeechServices,
    recorder: ConversationRecorder,
    accounts: Accounts = UNMETERED,
) -> ConversationServices:
    """The services of conversations, built on those of the other packages."""
    service = ConversationService(config, listening, speech, recorder, accounts)
    parking = Parking(config.resume_seconds, config.chat_max_sessions)
    return ConversationServices(service, parking)


def conversation_services(scope: Mapping[str, Any]) -> ConversationServices:
    """The conversation services. Raises NotFound if they do not run here."""
    services: Services = scope["state"]
    found = services.get(ConversationServices)
    if found is None:
        raise NotFound(
            "This process holds no conversations: that takes speech to text and text "
            "to speech in one process."
        )
    return found
