"""Spoken conversation, in a process that both listens and speaks."""

from __future__ import annotations

from chat_app.history.recorder import RecordedConversations
from chat_app.services import build_conversations
from common.config import Config
from common.services import Services
from gateway_app.history.records import HistoryWriter
from gateway_app.usage.accounts import Accounts
from stt_app.services import ListeningServices
from tts_app.services import SpeechServices


def build_talking(
    config: Config, services: Services, accounts: Accounts, history: HistoryWriter
) -> list[object]:
    """The room, or nothing."""
    listening = services.get(ListeningServices)
    speech = services.get(SpeechServices)
    if listening is None or speech is None:
        return []
    recorder = RecordedConversations(history)
    return [build_conversations(config, listening, speech, recorder, accounts)]
