"""Spoken conversation, in a process that both listens and speaks."""

from __future__ import annotations

from dataclasses import dataclass

from chat_app.history.recorder import RecordedConversations
from chat_app.services import build_conversations
from common.config import Config
from common.services import Services
from compat_app.realtime.calls.calls import Calls
from gateway_app.history.records import HistoryWriter
from gateway_app.retention.job import Forget
from gateway_app.sockets.sessions import SessionRegistry
from gateway_app.usage.accounts import Accounts
from stt_app.services import ListeningServices
from tts_app.services import SpeechServices
from voiceproject.lifecycle import Managed


@dataclass(frozen=True)
class Talking:
    """The services, and what is started and stopped; both may be empty."""

    services: tuple[object, ...] = ()
    managed: tuple[Managed, ...] = ()
    told: tuple[Forget, ...] = ()
    """Who must know when something is forgotten."""


def build_talking(
    config: Config,
    services: Services,
    accounts: Accounts,
    history: HistoryWriter,
    sessions: SessionRegistry,
) -> Talking:
    """The conversations and the calls, or nothing."""
    listening = services.get(ListeningServices)
    speech = services.get(SpeechServices)
    if listening is None or speech is None:
        return Talking()
    recorder = RecordedConversations(history)
    conversations = build_conversations(config, listening, speech, recorder, accounts)
    calls = Calls(config, sessions)
    managed = (
        Managed("conversations", stop=conversations.parking.stop),
        Managed("calls", calls.start, calls.stop),
    )
    return Talking((conversations, calls), managed, (conversations.parking.forget,))
