"""The services of spoken conversation in a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chat_app.service import ConversationService
from common.errors import NotFound
from common.services import Services


@dataclass(frozen=True)
class ConversationServices:
    """Absent in a process that does not both listen and speak."""

    conversations: ConversationService


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
