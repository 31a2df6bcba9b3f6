"""The configuration of a conversation as its clients see it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chat_app.conversation.options import LONGEST_PAUSE_SECONDS, ConversationOptions
from chat_app.protocol.client import AudioInput, ServerVad, SessionChanges
from chat_app.protocol.new_items import with_voice
from chat_app.protocol.parts import tools_shown
from common.audio import SPEECH_RATE_HZ

USUAL_SILENCE_MS = 500


@dataclass(frozen=True)
class Configuration:
    """The configuration in effect. An update returns a new one."""

    options: ConversationOptions
    rate_hz: int = SPEECH_RATE_HZ
    """Of the client's audio."""

    def updated(self, changes: SessionChanges) -> Configuration:
        """The configuration with the changes of this message."""
        options, rate_hz = self.options, self.rate_hz
        if changes.model is not None:
            llm = replace(options.llm, model=changes.model)
            options = replace(options, llm=llm)
        if changes.instructions is not None:
            options = replace(options, instructions=changes.instructions)
        options = replace(options, llm=changes.applied(options.llm))
        if changes.speaks is not None:
            options = replace(options, speaks=changes.speaks)
        if changes.half_duplex is not None:
            options = options.with_turns(half_duplex=changes.half_duplex)
        if changes.audio is not None and changes.audio.output is not None:
            options = with_voice(options, changes.audio.output)
        if changes.audio is not None and changes.audio.input is not None:
            given = changes.audio.input
            options = _with_input(options, given)
            if given.format is not None and given.format.rate is not None:
                rate_hz = given.format.rate
        return Configuration(options, rate_hz)

    def wire(self) -> dict[str, Any]:
        """As `session.created` and `session.updated` show it."""
        options = self.options
        return {
            "type": "realtime",
            "model": options.llm.model or None,
            "instructions": options.instructions,
            "output_modalities": ["audio" if options.speaks else "text"],
            "max_output_tokens": options.llm.max_tokens,
            **tools_shown(options.llm),
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": self.rate_hz},
                    "transcription": {"language": options.language or None},
                    "turn_detection": _turn_detection(options),
                },
                "output": {
                    "voice": options.voice.voice or None,
                    "speed": options.voice.speed,
                },
            },
            "x.half_duplex": options.turns.half_duplex,
        }


def _with_input(options: ConversationOptions, given: AudioInput) -> ConversationOptions:
    if given.transcription is not None:
        options = replace(options, language=given.transcription.language or "")
    if "turn_detection" not in given.model_fields_set:
        return options
    turns = given.turn_detection
    if turns is None:
        return replace(options, detects_turns=False)
    delays = options.turns.delays
    if isinstance(turns, ServerVad):
        silence_ms = turns.silence_duration_ms or USUAL_SILENCE_MS
        delays = replace(delays, fixed=silence_ms / 1000)
    else:
        eagerness = turns.eagerness or options.eagerness
        longest = LONGEST_PAUSE_SECONDS.get(eagerness, options.usual_pause_seconds)
        options = replace(options, eagerness=eagerness)
        delays = replace(delays, fixed=None, longest=longest)
    return replace(options, detects_turns=True).with_turns(
        delays=delays,
        replies=turns.create_response is not False,
        interrupts=turns.interrupt_response is not False,
    )


def _turn_detection(options: ConversationOptions) -> dict[str, Any] | None:
    if not options.detects_turns:
        return None
    turns = options.turns
    if turns.delays.fixed is not None:
        silence_ms = round(turns.delays.fixed * 1000)
        rule = {"type": "server_vad", "silence_duration_ms": silence_ms}
    else:
        rule = {"type": "semantic_vad", "eagerness": options.eagerness}
    return {
        **rule,
        "create_response": turns.replies,
        "interrupt_response": turns.interrupts,
    }
