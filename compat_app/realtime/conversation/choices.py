"""Translates the configuration of a client into options of the engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chat_app.conversation.options import LONGEST_PAUSE_SECONDS, ConversationOptions
from chat_app.core.dialogue import Item
from chat_app.replies.request import ResponseRequest
from chat_app.service import ConversationService
from common.config import Config
from common.errors import BadValue, NotFound, VoiceError
from compat_app.model_names import UnknownModel, engine_model
from compat_app.realtime.shared.conversation import (
    ConversationConfig,
    FunctionTool,
    ToolChoice,
    tokens,
)
from compat_app.realtime.shared.conversation_parts import ResponseParams
from compat_app.realtime.shared.errors import Refused
from compat_app.realtime.shared.options import (
    default_vad,
    heard_language,
    hearing_options,
)
from compat_app.realtime.shared.session import (
    SemanticVad,
    ServerVad,
    SessionConfig,
    Transcription,
    check_model_name,
)
from compat_app.voice_names import named_voice
from llm.engine import LlmEngine, NamedTool, ReplyOptions, Tool
from stt_app.service import ListeningService
from tts_app.core.engine import VoiceSettings
from tts_app.service import SpeechService

USUAL_SILENCE_MS = 500
"""The default of OpenAI for `silence_duration_ms`."""
_TRANSCRIPTION_MODEL = "session.audio.input.transcription.model"


@dataclass(frozen=True)
class Choices:
    """The services that know what can be chosen."""

    config: Config
    conversations: ConversationService
    listening: ListeningService
    speech: SpeechService
    llm: LlmEngine

    async def initial(self, model: str) -> ConversationConfig:
        """The configuration of a client that chooses nothing but the model.

        Raises UnknownModel, and BadValue for a name that is too long.
        """
        check_model_name(model)
        self._language_model(model)
        vad = default_vad(self.config).model_copy(
            update={"silence_duration_ms": USUAL_SILENCE_MS}
        )
        hearing = SessionConfig(
            vad,
            Transcription(model=self.listening.models[0]),
            chosen_turns=SemanticVad(type="semantic_vad", eagerness="auto"),
            chooses_turns=True,
        )
        defaults = self.conversations.defaults()
        return ConversationConfig(
            hearing,
            instructions=self.conversations.instructions(defaults),
            voice=await self._usual_voice(),
            model=model or self.llm.model_name,
        )

    async def options(self, config: ConversationConfig) -> ConversationOptions:
        """The options of this configuration. Raises Refused."""
        turns = config.hearing.turn_detection
        language = heard_language(config.hearing.transcription)
        options = replace(
            _with_turns(self.conversations.defaults(), turns),
            instructions=config.instructions,
            language=language,
            voice=await self._voice(config.voice, config.speed),
            speaks=config.speaks,
            llm=self._llm(config),
            listening=hearing_options(
                config.hearing, self.config, language or self.config.whisper_lang
            ),
            listening_model=self._transcription_model(config),
        )
        try:
            await self.conversations.check(options)
        except BadValue as error:
            param = error.field and f"session.{error.field}"
            raise Refused(error.message, param=param) from error
        return options

    async def request(
        self,
        params: ResponseParams,
        config: ConversationConfig,
        items: tuple[Item, ...] | None,
    ) -> ResponseRequest:
        """One response of a conversation with that configuration. Raises Refused."""
        changes = _changes(params)
        chosen = replace(config, **changes)
        output, voice = params.audio.output if params.audio else None, None
        if output is not None:
            chosen = chosen.with_output(output)
            if output.voice is not None or output.speed is not None:
                voice = await self._voice(chosen.voice, chosen.speed, "response")
        request = ResponseRequest(
            out_of_band=params.conversation == "none",
            items=items,
            instructions=params.instructions or "",
            speaks="audio" in params.output_modalities
            if params.output_modalities
            else None,
            voice=voice,
            llm=self._llm(chosen) if changes else None,
            metadata=params.metadata or {},
            tag=chosen,
        )
        try:
            await self.conversations.check_response(request)
        except BadValue as error:
            param = error.field and f"response.{error.field}"
            raise Refused(error.message, param=param) from error
        return request

    def _llm(self, config: ConversationConfig) -> ReplyOptions:
        return ReplyOptions(
            model=self._language_model(config.model),
            max_tokens=config.max_output_tokens,
            tools=tuple(map(_tool, config.tools)),
            # Clients choose before they send the tools, which may have changed since.
            tool_choice=_choice(config.tool_choice) if config.tools else "auto",
        )

    def _language_model(self, name: str) -> str:
        return engine_model(name, self.llm.stats().offers, self.config)

    def _transcription_model(self, config: ConversationConfig) -> str:
        name = config.hearing.transcription.model or ""
        try:
            return engine_model(name, self.listening.models, self.config)
        except UnknownModel as error:
            raise Refused(
                error.message, code=error.code, param=_TRANSCRIPTION_MODEL
            ) from error

    async def _usual_voice(self) -> str:
        try:
            return (await self.speech.available_voices()).default
        except VoiceError:  # each response reports it
            return ""

    async def _voice(
        self, name: str, speed: float, where: str = "session"
    ) -> VoiceSettings:
        if not name:
            return VoiceSettings(speed=speed)
        available = await self.speech.available_voices()
        named = named_voice(name, available, self.config) or VoiceSettings(voice=name)
        voice = replace(named, speed=speed)
        try:
            await self.speech.check_voice(voice)
        except NotFound as error:
            param = f"{where}.audio.output.voice"
            raise Refused(error.message, param=param) from error
        return voice


def _changes(params: ResponseParams) -> dict[str, Any]:
    """What a response changes for the language model."""
    changes: dict[str, Any] = {}
    if params.tools is not None:
        changes["tools"] = tuple(params.tools)
        changes["tool_choice"] = "auto"
    if params.tool_choice is not None:
        changes["tool_choice"] = params.tool_choice
    if "max_output_tokens" in params.model_fields_set:
        changes["max_output_tokens"] = tokens(params.max_output_tokens)
    return changes


def _with_turns(
    options: ConversationOptions, turns: ServerVad | SemanticVad | None
) -> ConversationOptions:
    if turns is None:
        # The client decides what a turn is, and what is answered.
        return replace(options, detects_turns=False).with_turns(
            replies=False, interrupts=False, judges=False
        )
    delays, idle_seconds = options.turns.delays, None
    if isinstance(turns, ServerVad):
        silence_ms = turns.silence_duration_ms or USUAL_SILENCE_MS
        delays = replace(delays, fixed=silence_ms / 1000)
        if turns.idle_timeout_ms is not None:
            idle_seconds = turns.idle_timeout_ms / 1000
    else:
        eagerness = turns.eagerness or "auto"
        longest = LONGEST_PAUSE_SECONDS.get(eagerness, options.usual_pause_seconds)
        delays = replace(delays, fixed=None, longest=longest)
        options = replace(options, eagerness=eagerness)
    return options.with_turns(
        delays=delays,
        idle_seconds=idle_seconds,
        replies=turns.create_response is not False,
        interrupts=turns.interrupt_response is not False,
    )


def _tool(tool: FunctionTool) -> Tool:
    parameters = tool.parameters or {"type": "object", "properties": {}}
    return Tool(tool.name, tool.description or "", parameters)


def _choice(choice: ToolChoice) -> Any:
    return choice if isinstance(choice, str) else NamedTool(choice.name)
