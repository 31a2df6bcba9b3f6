"""Speech as a service: admission, voice, language model, and what is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog

from common.config import Config
from common.errors import VoiceError
from gateway_app.history.records import HistoryWriter, SynthesisRecord
from gateway_app.sockets.sessions import SessionRegistry
from llm.engine import LlmEngine
from llm.prompt import system_prompt
from tts_app.conversations import conversations_for
from tts_app.core.conversations import ConversationStore
from tts_app.core.engine import TtsEngine, VoiceInfo
from tts_app.core.speech.admission import Admission
from tts_app.core.speech.pipeline import Speech
from tts_app.llm_reply import Answering
from tts_app.order import SpeechOrder, asks_llm, check_order, plan_for
from tts_app.speech_stream import Outcome, SpeechAnswer
from tts_app.voices.selector import Offer, VoiceBook
from tts_app.voices.storage import SyncResult, sync_voices

__all__ = ["SpeechOrder", "SpeechService", "SyncResult", "sync_voices"]

log = structlog.get_logger(__name__)

SESSION_KIND = "tts"
SYNC_POLL_SECONDS = 0.25


class SpeechService:
    """What `/tts` and every other way to speech goes through."""

    def __init__(
        self,
        config: Config,
        engine: TtsEngine,
        llm: LlmEngine,
        *,
        sessions: SessionRegistry,
        history: HistoryWriter,
        conversations: ConversationStore | None = None,
    ) -> None:
        self._config = config
        self._engine = engine
        self._llm = llm
        self._sessions = sessions
        self._history = history
        self._admission = Admission(config.tts_max_concurrent, config.tts_queue_limit)
        self._book = VoiceBook(config, engine)
        self._answering = Answering(
            config, llm, conversations or conversations_for(config)
        )
        self._syncing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Check the system prompt, so that a wrong path is said at the start."""
        self._syncing = asyncio.create_task(self._sync_when_loaded())
        system_prompt(self._config)

    async def stop(self) -> None:
        if self._syncing is not None:
            self._syncing.cancel()
        await self._answering.close()

    async def sync_voices(self) -> None:
        """Write the installed voices to the database; trouble there is only logged."""
        await self._book.sync()

    async def _sync_when_loaded(self) -> None:
        # All services start side by side, and the engine knows its voices last.
        while not self._engine.health().ok:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(SYNC_POLL_SECONDS)
        await self._book.sync()

    @property
    def waiting(self) -> int:
        """Requests that wait for a place."""
        return self._admission.waiting

    @property
    def running(self) -> int:
        """Requests that are being spoken."""
        return self._admission.running

    async def offer(self) -> Offer:
        """The voices that may be asked for. Raises EngineFailed when there is none."""
        return await self._book.offer()

    async def open(self, order: SpeechOrder) -> SpeechAnswer:
        """The answer, once its first audio bytes exist. Raises what went wrong before.

        Iterate over it or close it; until then it holds a place.
        """
        check_order(order, self._config)
        self._answering.check(order)
        voice = await self._book.choose(
            order.voice, order.text, even_disabled=order.even_disabled
        )
        plan = plan_for(order, voice, self._book.speaker(voice, order.speaker))
        uses_llm = asks_llm(order, self._config)
        pieces = self._answering.pieces(order) if uses_llm else _as_given(order.text)
        speech = Speech(self._engine, plan, pieces)
        answer = SpeechAnswer(
            voice,
            speech,
            place=self._place(),
            timeout_seconds=self._config.tts_request_timeout,
            asks_llm=uses_llm,
            finished=partial(self._finished, order, speech, voice, uses_llm),
            remember=partial(self._answering.remember, order) if uses_llm else _nothing,
        )
        await answer.start()
        return answer

    async def forget_conversation(self, principal: str, conversation_id: str) -> None:
        """Raises NotFound when this principal has no such conversation."""
        await self._answering.forget(principal, conversation_id)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """A place to work, which shutdown waits for."""
        with self._sessions.open(SESSION_KIND):
            async with self._admission.place(self._config.tts_request_timeout):
                yield

    def _finished(
        self,
        order: SpeechOrder,
        speech: Speech,
        voice: VoiceInfo,
        uses_llm: bool,
        outcome: Outcome,
    ) -> None:
        record = SynthesisRecord(
            request_id=order.request_id,
            client=order.client,
            principal=order.principal,
            text_in=order.text,
            text_out=speech.text,
            voice=voice.name,
            language=voice.language,
            model=(order.options.model or self._llm.model_name) if uses_llm else "",
            audio_format=order.audio_format,
            duration_seconds=round(speech.audio_seconds, 3),
            stages_ms=outcome.stages_ms,
            status=outcome.status,
            error=_sentence(outcome.error),
        )
        self._history.record(record)
        log.info(
            "speech ended",
            voice=voice.name,
            status=outcome.status,
            audio_seconds=record.duration_seconds,
            **outcome.stages_ms,
        )


async def _as_given(text: str) -> AsyncIterator[str]:
    yield text


async def _nothing(answer: str) -> None:
    """A text that was spoken as given is no part of a conversation."""


def _sentence(error: Exception | None) -> str:
    if error is None:
        return ""
    return error.message if isinstance(error, VoiceError) else type(error).__name__
