"""The entry point of spoken conversation: opens a session for each caller."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.utils import timezone

from chat_app.conversation.options import ConversationOptions, default_options
from chat_app.conversation.read_ahead import ReadAhead
from chat_app.conversation.records import CallRecord, ConversationRecorder, TurnRecord
from chat_app.conversation.scheduler import ReplyScheduler
from chat_app.core import outputs as out
from chat_app.core.words import TurnWords, turn_words
from chat_app.replies.out_of_band import OutOfBandLimits
from chat_app.replies.reply import ReplyServices
from chat_app.replies.request import ResponseRequest
from chat_app.replies.running import RunningResponse
from chat_app.session.resumable import ResumableConversation
from chat_app.session.summary import SummaryLimits, limits_for
from common.config import Config
from common.engine import Engine
from common.errors import BadValue, NotFound
from common.workers import Priority
from gateway_app.access.principals import Principal
from gateway_app.usage.accounts import UNMETERED, Accounts
from llm.engine import ChatMessage, LlmEngine, ReplyOptions, check_tools
from llm.prompt import system_prompt
from llm.servers.context import ASSUMED_CONTEXT_TOKENS
from stt_app.core.turns.engine import TurnModel
from stt_app.core.turns.hanging import hangs
from stt_app.service import ListeningService
from tts_app.core.engine import VoiceSettings
from tts_app.llm_reply import check_length, check_model, models_to_choose
from tts_app.service import SpeechService

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
        listening: ListeningService,
        speech: SpeechService,
        llm: LlmEngine,
        engines: Sequence[tuple[str, Engine]],
        recorder: ConversationRecorder,
        turn_model: TurnModel,
        accounts: Accounts = UNMETERED,
    ) -> None:
        """`engines` are those that must be warm, with the names that clients see."""
        self._config = config
        self._listening = listening
        self._speech = speech
        self._llm = llm
        self._engines = engines
        self._recorder = recorder
        self._accounts = accounts
        self._turn_model = turn_model
        self._scheduler = ReplyScheduler(config.embedded_llm_parallel)

    def defaults(self) -> ConversationOptions:
        """The options of a client that chooses nothing."""
        return default_options(self._config)

    def instructions(self, options: ConversationOptions) -> str:
        """The system prompt. Raises EngineFailed if its file cannot be read."""
        return options.instructions or system_prompt(self._config)

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
        self,
        options: ConversationOptions,
        *,
        rate_hz: int,
        principal: Principal,
        client: str,
        session_id: str,
    ) -> ResumableConversation:
        """Open a conversation. Its audio is mono at `rate_hz`, PCM16 unless the options
        name another encoding.

        Raises BadValue, and Overloaded while transcripts come late.
        """
        self._turn_model.warm_up()  # or the first pause would wait for its process
        account = self._accounts.account(principal, client)
        live = await self._listening.open_live(
            options.listening_at(rate_hz),
            principal=principal,
            client=client,
            session_id=session_id,
            priority=Priority.FINAL,
            prepares_after_seconds=PREPARES_AFTER_SECONDS,
            model=options.listening_model,
        )
        return ResumableConversation(
            live,
            ReplyServices(
                self._llm,
                self._speech,
                principal,
                client,
                account,
                ReadAhead(self._llm, self._scheduler.may_speculate),
            ),
            self._scheduler,
            options,
            instructions=self.instructions(options),
            words=self._words,
            longest=self._config.chat_items,
            finished=partial(
                self._record, live.session_id, principal, client, timezone.now()
            ),
            turn_model=self._turn_model,
            out_of_band=OutOfBandLimits(
                self._config.chat_out_of_band_responses, self._config.chat_reply_seconds
            ),
            summaries=self._summaries(),
        )

    def _summaries(self) -> SummaryLimits:
        config = self._config
        context_tokens = config.llm_context_tokens or ASSUMED_CONTEXT_TOKENS
        if self._llm.backend == "embedded":
            context_tokens = config.embedded_llm_context_tokens
        return limits_for(
            context_tokens,
            config.llm_max_tokens,
            share=config.chat_summary_share,
            summary_tokens=config.chat_summary_tokens,
            idle_seconds=config.chat_summary_idle_seconds,
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

    def _words(self, language: str) -> TurnWords:
        language = language or self._config.whisper_lang
        if language == "auto":
            language = "en"
        config = self._config
        return turn_words(
            language, config.chat_backchannels, config.chat_stop_words, hangs=hangs
        )

    def _record(
        self,
        conversation_id: str,
        principal: Principal,
        client: str,
        started_at: datetime,
        ended: out.ResponseEnded,
        running: RunningResponse,
    ) -> None:
        reply = running.reply
        finished = reply.writing.finished
        self._recorder.record(
            TurnRecord(
                conversation_id=conversation_id,
                number=running.progress.number,
                principal=principal.id,
                client=client,
                question=running.question.text,
                language=running.question.language,
                answer=ended.text,
                status=ended.status,
                reason=ended.reason,
                started_at=started_at,
                voice=reply.voice,
                model=finished.model if finished else self._llm.model_name,
                stages_ms=ended.stages_ms,
                calls=tuple(
                    CallRecord(
                        each.name, each.arguments, running.results.get(each.call_id)
                    )
                    for each in running.progress.calls
                ),
                out_of_band=ended.out_of_band,
            )
        )
