"""The entry point of text to speech: admission, voice, language model, conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from common.config import Config
from common.workers import Urgency
from gateway_app.access.principals import ANONYMOUS, Principal
from gateway_app.access.quotas import holder
from gateway_app.history.records import HistoryWriter
from gateway_app.sockets.sessions import SessionRegistry
from gateway_app.usage.accounts import (
    UNMETERED,
    Account,
    Accounts,
    Quota,
    Resource,
)
from llm.engine import LlmEngine
from llm.prompt import system_prompt
from tts_app.conversations import conversations_for
from tts_app.core.conversations import ConversationStore
from tts_app.core.engine import TtsEngine, VoiceInfo, VoiceSettings
from tts_app.core.speech.admission import Admission
from tts_app.core.speech.pipeline import SpeechPipeline
from tts_app.llm_reply import LlmReply
from tts_app.speech_record import HeldRecord, SpeechRecorder
from tts_app.speech_request import (
    SpeechRequest,
    asks_llm,
    check_request,
    within_limit,
)
from tts_app.speech_stream import SpeechOutcome, SpeechStream
from tts_app.voices.selector import AvailableVoices, VoiceSelector

SESSION_KIND = "tts"
SYNC_POLL_SECONDS = 0.25


class SpeechService:
    """The service behind `/tts` and every other endpoint."""

    def __init__(
        self,
        config: Config,
        engine: TtsEngine,
        llm: LlmEngine,
        *,
        sessions: SessionRegistry,
        history: HistoryWriter,
        conversations: ConversationStore | None = None,
        accounts: Accounts = UNMETERED,
    ) -> None:
        """Without `conversations` they are kept where the configuration says."""
        self._config = config
        self._engine = engine
        self._llm = llm
        self._sessions = sessions
        self._admission = Admission(config.tts_max_concurrent, config.tts_queue_limit)
        self._selector = VoiceSelector(config, engine)
        self._recorder = SpeechRecorder(history)
        self._accounts = accounts
        store = conversations or conversations_for(config)
        self._llm_reply = LlmReply(config, llm, store)
        self._syncing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Check the system prompt, so that a wrong path is reported at start."""
        self._syncing = asyncio.create_task(self._sync_when_loaded())
        system_prompt(self._config)

    async def stop(self) -> None:
        if self._syncing is not None:
            self._syncing.cancel()
        await self._llm_reply.close()

    async def sync_voices(self) -> None:
        """Write the installed voices to the database; errors are only logged."""
        await self._selector.sync()

    async def _sync_when_loaded(self) -> None:
        # All services start in parallel, and the engine knows its voices only later.
        while not self._engine.health().ok:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(SYNC_POLL_SECONDS)
        await self._selector.sync()

    @property
    def waiting(self) -> int:
        """Queued requests."""
        return self._admission.waiting

    @property
    def running(self) -> int:
        """Running requests."""
        return self._admission.running

    async def available_voices(self) -> AvailableVoices:
        """The available voices. Raises EngineFailed if there is none."""
        return await self._selector.available()

    async def check_voice(self, voice: VoiceSettings) -> None:
        """Raises UnknownVoice or BadValue for a voice that a request could not have."""
        await self._selector.choose(voice, "")

    async def open(
        self,
        request: SpeechRequest,
        *,
        pieces: AsyncGenerator[str, None] | None = None,
        principal: Principal = ANONYMOUS,
        client: str = "",
        urgency: Urgency | None = None,
        held: HeldRecord | None = None,
    ) -> SpeechStream:
        """The answer, once its first audio exists. Raises earlier errors, among them
        QuotaExceeded; an answer that has begun is finished. Iterate over it or close
        it; until then it holds a slot. `pieces` are a text that is still being written,
        spoken in place of the request's and without the language model. The conversation
        belongs to `principal`, or to the anonymous `client`. `urgency` is the handle on
        the first clause of an answer that may not be wanted; `held` holds its record.
        """
        if pieces is not None:
            request = replace(request, text="", llm=False)
            pieces = within_limit(pieces, self._config)
        check_request(request, self._config, has_text=pieces is None)
        self._llm_reply.check(request)
        voice = await self._selector.choose(
            request.voice, request.text, include_disabled=request.include_disabled
        )
        uses_llm = asks_llm(request, self._config)
        account = await self._admitted(principal, client, uses_llm=uses_llm)
        owner = holder(principal, client)
        reply = partial(self._llm_reply.pieces, request, owner, account)
        pipeline = SpeechPipeline(
            self._engine,
            voice,
            reply() if uses_llm else pieces or _as_given(request.text),
            input=request.input,
            word_times=request.word_times,
            urgency=urgency,
        )
        remember = partial(self._llm_reply.remember, request, owner)
        stream = SpeechStream(
            voice.info,
            pipeline,
            place=self._place(account),
            timeout_seconds=self._config.tts_request_timeout,
            finished=partial(
                self._finished,
                request,
                voice=voice.info,
                uses_llm=uses_llm,
                principal=principal,
                client=client,
                account=account,
                held=held or HeldRecord(is_wanted=True),
            ),
            remember=remember if uses_llm else _nothing,
        )
        await stream.start()
        return stream

    async def forget_conversation(
        self, principal: Principal, client: str, conversation_id: str
    ) -> None:
        """Raises NotFound when this caller has no such conversation."""
        await self._llm_reply.forget(holder(principal, client), conversation_id)

    async def _admitted(
        self, principal: Principal, client: str, *, uses_llm: bool
    ) -> Account:
        account = self._accounts.account(principal, client)
        await account.admit(Quota.AUDIO_OUT)
        if uses_llm:
            await account.admit(Quota.LLM_TOKENS)
        return account

    def _finished(
        self,
        request: SpeechRequest,
        outcome: SpeechOutcome,
        *,
        voice: VoiceInfo,
        uses_llm: bool,
        principal: Principal,
        client: str,
        account: Account,
        held: HeldRecord,
    ) -> None:
        account.spend(Resource.AUDIO_OUT, outcome.audio_seconds)
        if not request.text:  # it came in pieces
            request = replace(request, text=outcome.text)
        # Only now the answering model of a fallback chain is known.
        model = request.options.model or self._llm.model_name if uses_llm else ""
        record = partial(
            self._recorder.record,
            request,
            outcome,
            voice=voice,
            model=model,
            principal=principal,
            client=client,
        )
        held.put(record)

    @asynccontextmanager
    async def _place(self, account: Account) -> AsyncIterator[None]:
        """A slot, which shutdown waits for. Raises QuotaExceeded if the answers before
        it have used up what was left."""
        with self._sessions.open(SESSION_KIND):
            async with self._admission.place(self._config.tts_request_timeout):
                await account.admit(Quota.AUDIO_OUT)
                yield


async def _as_given(text: str) -> AsyncIterator[str]:
    yield text


async def _nothing(answer: str) -> None:
    """A text spoken as it is does not belong to a conversation."""
