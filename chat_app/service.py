"""The entry point of spoken conversation: opens a session for each caller."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from chat_app.conversation.caller import Caller
from chat_app.conversation.options import ConversationOptions, default_options
from chat_app.conversation.read_ahead import ReadAhead
from chat_app.conversation.records import ConversationRecorder
from chat_app.conversation.scheduler import ReplyScheduler
from chat_app.replies.reply import ReplyServices
from chat_app.replies.request import ResponseRequest
from chat_app.replies.response_log import ResponseLog
from chat_app.session.limits import conversation_limits
from chat_app.session.resumable import ResumableConversation
from chat_app.session.turn_cues import TurnCues
from common.config import Config
from common.errors import BadValue, NotFound
from common.workers import Priority
from gateway_app.usage.accounts import UNMETERED, Accounts
from llm.engine import ChatMessage, ReplyOptions, check_tools
from llm.prompt import system_prompt
from stt_app.services import ListeningServices
from tts_app.core.engine import VoiceSettings
from tts_app.llm_reply import check_length, check_model, models_to_choose
from tts_app.services import SpeechServices

PREPARES_AFTER_SECONDS = 0.096
"""The pause after which the transcript of a turn is prepared: three frames of the voice
activity detector, a little longer than the closure of a plosive."""
WARM_SECONDS = 5.0
"""How long the start of a conversation waits until the language model has read its prompt."""


class ConversationService:
    """Opens the conversations of all callers of this process."""

    def __init__(
        self,
        config: Config,
        listening: ListeningServices,
        speech: SpeechServices,
        recorder: ConversationRecorder,
        accounts: Accounts = UNMETERED,
    ) -> None:
        self._config = config
        self._listening = listening.listening
        self._speech = speech.speech
        self._llm = speech.llm
        self._engines = (
            ("stt", listening.engine),
            ("tts", speech.engine),
            ("llm", speech.llm),
        )
        """Those that must be warm, with the names that clients see."""
        self._recorder = recorder
        self._accounts = accounts
        self._cues = TurnCues(listening.turn_model, config)
        self._scheduler = ReplyScheduler(config.embedded_llm_parallel)

    def defaults(self) -> ConversationOptions:
        """The options of a client that chooses nothing."""
        return default_options(self._config)

    def instructions(self, options: ConversationOptions) -> str:
        """The system prompt. Raises EngineFailed if its file cannot be read."""
        return options.instructions or system_prompt(self._config)

    def instructed(self, options: ConversationOptions) -> ConversationOptions:
        """The options with their system prompt. Raises as `instructions`."""
        return replace(options, instructions=self.instructions(options))

    def models(self) -> list[str]:
        """The language models that a client may choose, the default first."""
        return models_to_choose(self._llm, self._config)

    async def check(self, options: ConversationOptions) -> None:
        """Raises BadValue for a choice that is not allowed."""
        await self._check_voice(options.voice)
        self._check_llm(options.llm)

    async def check_response(self, request: ResponseRequest) -> None:
        """Raises BadValue for an option of one response that is not allowed."""
        if request.voice is not None:
            await self._check_voice(request.voice)
        if request.llm is not None:
            self._check_llm(request.llm)

    async def not_warm(self, options: ConversationOptions) -> dict[str, str]:
        """Have the language model read the instructions and the tools. Returns which
        models are not ready: a sentence for each, by name."""
        prompt = ChatMessage("system", self.instructions(options))
        try:
            async with asyncio.timeout(WARM_SECONDS):
                await self._llm.warm([prompt], options.llm)
        except TimeoutError:
            return {"llm": "The language model is still reading its instructions."}
        return self.not_ready()

    def not_ready(self) -> dict[str, str]:
        """Which models do not work now: a sentence for each, by name."""
        healths = {name: engine.health() for name, engine in self._engines}
        return {name: each.summary for name, each in healths.items() if not each.ok}

    async def open(
        self, options: ConversationOptions, caller: Caller, *, rate_hz: int
    ) -> ResumableConversation:
        """Open a conversation. Its audio is mono at `rate_hz`, PCM16 unless the options
        name another encoding.

        Raises BadValue, and Overloaded while transcripts come late.
        """
        self._cues.warm_up()
        services = self._services_for(caller)
        live = await self._listening.open_live(
            options.listening_at(rate_hz),
            principal=caller.principal,
            client=caller.client,
            session_id=caller.session_id,
            priority=Priority.FINAL,
            prepares_after_seconds=PREPARES_AFTER_SECONDS,
            model=options.listening_model,
        )
        return ResumableConversation(
            live,
            services,
            self._cues,
            ResponseLog(self._recorder, services, live.session_id),
            conversation_limits(self._config, self._llm),
            self.instructed(options),
        )

    def _services_for(self, caller: Caller) -> ReplyServices:
        return ReplyServices(
            self._llm,
            self._speech,
            self._scheduler,
            caller,
            self._accounts.account(caller.principal, caller.client),
            ReadAhead(self._llm, self._scheduler.may_speculate),
        )

    async def _check_voice(self, voice: VoiceSettings) -> None:
        try:
            await self._speech.check_voice(voice)
        except NotFound as error:  # not an error that ends the conversation
            raise BadValue(error.message, field="audio.output.voice") from error

    def _check_llm(self, options: ReplyOptions) -> None:
        check_model(options.model, self._llm, self._config)
        check_length(options, self._config, "max_output_tokens")
        llm = self._llm
        title = f"The language model {llm.model_name} ({llm.backend})"
        check_tools(options, llm.takes_tools, title)
