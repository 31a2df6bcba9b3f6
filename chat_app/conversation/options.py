"""The options of a conversation, which can change while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from chat_app.core.timing import CommitDelays, TurnSettings
from common.config.chat import ChatSettings
from llm.engine import ReplyOptions
from stt_app.core.session.options import Options
from tts_app.core.engine import USUAL_VOICE, VoiceSettings

LONGEST_PAUSE_SECONDS = {"high": 2.0, "medium": 4.0, "low": 8.0}
"""The longest pause of a turn that seems incomplete, by eagerness. Source: OpenAI's
guide to `semantic_vad`."""

_AS_CONFIGURED = Options()


@dataclass(frozen=True)
class ConversationOptions:
    """The choices of one client."""

    instructions: str = ""
    """The system prompt; empty for the configured one."""
    language: str = ""
    """The language of the speech; empty for the configured one."""
    voice: VoiceSettings = USUAL_VOICE
    speaks: bool = True
    """Whether replies are spoken; otherwise they are only written."""
    llm: ReplyOptions = ReplyOptions()
    """Includes the tools."""
    turns: TurnSettings = field(default_factory=TurnSettings)
    eagerness: str = "auto"
    """A key of LONGEST_PAUSE_SECONDS, or `auto` for the configured pause."""
    usual_pause_seconds: float = CommitDelays.longest
    """The configured longest pause."""
    detects_turns: bool = True
    """Otherwise the client commits the audio."""
    ahead_seconds: float = 1.0
    """How far audio is sent ahead of the client's loudspeaker."""
    listening: Options = _AS_CONFIGURED
    """How the audio is encoded and transcribed, except for its rate and language."""
    listening_model: str = ""
    """The model of speech to text; empty for the default one."""

    def listening_at(self, rate_hz: int) -> Options:
        """The options of a live session whose audio has that rate."""
        changes: dict[str, Any] = {"sample_rate": rate_hz, "interim_results": True}
        if self.language:
            changes["language"] = self.language
        return self.listening.model_copy(update=changes)

    def with_turns(self, **changes: Any) -> ConversationOptions:
        """The options with these changes of the turn settings."""
        return replace(self, turns=replace(self.turns, **changes))


def default_options(settings: ChatSettings) -> ConversationOptions:
    """The options of a client that chooses nothing."""
    turns = TurnSettings(
        delays=CommitDelays(longest=settings.chat_max_pause_seconds),
        reply_seconds=settings.chat_reply_seconds,
        speculations=settings.chat_speculations,
    )
    longest = settings.chat_max_pause_seconds
    return ConversationOptions(turns=turns, usual_pause_seconds=longest)
