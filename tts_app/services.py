"""Speech as a service: admission, voice, language model, and what is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from common.config import Config
from common.errors import (
    BadValue,
    LlmUnavailable,
    TooLarge,
    Unspeakable,
    VoiceError,
)
from gateway_app.history import SynthesisRecord
from tts_app.answer import Outcome, SpeechAnswer
from tts_app.core.admission import Admission
from tts_app.core.conversations import Conversations, Key
from tts_app.core.encoding import FORMATS
from tts_app.core.engine import VoiceInfo
from tts_app.core.llm.base import ChatMessage, LlmEngine
from tts_app.core.llm.prompt import system_prompt
from tts_app.core.speech import Speech, SpeechPlan
from tts_app.voice_book import Offer, VoiceBook
from tts_app.voices import SyncResult, sync_voices

__all__ = ["SpeechOrder", "SpeechService", "SyncResult", "sync_voices"]

log = structlog.get_logger(__name__)

SESSION_KIND = "tts"
SYNC_POLL_SECONDS = 0.25
MIN_SPEED, MAX_SPEED = 0.25, 4.0


@dataclass(frozen=True)
class SpeechOrder:
    """What somebody wants to hear; None leaves it to the configuration."""

    text: str
    voice: str | None = None
    speaker: str | int | None = None
    speed: float = 1.0
    audio_format: str = "wav"
    llm: bool | None = None
    system_prompt: str | None = None
    conversation_id: str | None = None
    request_id: str = ""
    client: str = ""
    caller: str = ""
    """Whose conversation it is."""
    even_disabled: bool = False
    """Whether a voice will do that is installed but not offered."""


class SpeechService:
    """services["speech"]: what `/tts` and every other way to speech goes through."""

    def __init__(self, services: dict[str, Any]) -> None:
        self._services = services
        config: Config = services["loaded"].config
        self._config = config
        self._admission = Admission(config.tts_max_concurrent, config.tts_queue_limit)
        self._book = VoiceBook(config, services["tts"])
        self._conversations = Conversations()
        self._syncing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Check the system prompt, so that a wrong path is said at the start."""
        self._syncing = asyncio.create_task(self._sync_when_loaded())
        system_prompt(self._config)

    async def stop(self) -> None:
        if self._syncing is not None:
            self._syncing.cancel()

    async def sync_voices(self) -> None:
        """Write the installed voices to the database; trouble there is only logged."""
        await self._book.sync()

    async def _sync_when_loaded(self) -> None:
        # All services start side by side, and the engine knows its voices last.
        while not self._services["tts"].health().ok:  # noqa: ASYNC110 - no event tells
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
        self._check(order)
        voice = await self._book.choose(order.voice, even_disabled=order.even_disabled)
        plan = SpeechPlan(
            voice,
            self._book.speaker(voice, order.speaker),
            order.speed,
            order.audio_format,
        )
        uses_llm = self._config.tts_use_llm if order.llm is None else order.llm
        pieces = self._answered(order) if uses_llm else _as_given(order.text)
        speech = Speech(self._services["tts"], plan, pieces)
        answer = SpeechAnswer(
            voice,
            speech,
            place=self._place(),
            timeout_seconds=self._config.tts_request_timeout,
            asks_llm=uses_llm,
            finished=partial(self._finished, order, speech, voice, uses_llm),
        )
        await answer.start()
        return answer

    def _check(self, order: SpeechOrder) -> None:
        limit = self._config.tts_max_text_length
        for field in ("text", "system_prompt"):
            given = getattr(order, field) or ""
            if len(given) > limit:
                raise TooLarge(
                    f"`{field}` has {len(given)} characters; at most {limit} are "
                    "allowed (`tts_max_text_length`).",
                    field=field,
                )
        if not order.text.strip():
            raise Unspeakable("The text is empty.", field="text")
        if order.audio_format not in FORMATS:
            raise BadValue(f"`format` is one of {', '.join(FORMATS)}.", field="format")
        if not MIN_SPEED <= order.speed <= MAX_SPEED:
            raise BadValue(
                f"`speed` is between {MIN_SPEED} and {MAX_SPEED:g}.", field="speed"
            )

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """A place to work, which shutdown waits for."""
        with self._services["sessions"].open(SESSION_KIND):
            async with self._admission.place(self._config.tts_request_timeout):
                yield

    async def _answered(self, order: SpeechOrder) -> AsyncIterator[str]:
        """What the language model answers. Raises LlmUnavailable."""
        llm: LlmEngine = self._services["llm"]
        said_anything = False
        pieces: Any = llm.reply(self._messages(order))
        async with aclosing(pieces):
            async for piece in pieces:
                said_anything = said_anything or bool(piece.strip())
                yield piece
        if not said_anything:
            raise LlmUnavailable(
                f"The language model {llm.model_name} ({llm.backend}) answered nothing.",
                retry_after_seconds=1,
            )

    def _messages(self, order: SpeechOrder) -> list[ChatMessage]:
        prompt = order.system_prompt or system_prompt(self._config)
        key = _conversation(order)
        return [
            ChatMessage("system", prompt),
            *(self._conversations.history(key) if key else ()),
            ChatMessage("user", order.text),
        ]

    def _finished(
        self,
        order: SpeechOrder,
        speech: Speech,
        voice: VoiceInfo,
        uses_llm: bool,
        outcome: Outcome,
    ) -> None:
        key = _conversation(order)
        if key and uses_llm and outcome.status == "ok":
            self._conversations.add(key, order.text, speech.text)
        llm = self._services.get("llm")
        record = SynthesisRecord(
            request_id=order.request_id,
            client=order.client,
            text_in=order.text,
            text_out=speech.text,
            voice=voice.name,
            language=voice.language,
            model=llm.model_name if uses_llm and llm else "",
            audio_format=order.audio_format,
            duration_seconds=round(speech.audio_seconds, 3),
            stages_ms=outcome.stages_ms,
            status=outcome.status,
            error=_sentence(outcome.error),
        )
        if "history" in self._services:
            self._services["history"].record(record)
        log.info(
            "speech ended",
            voice=voice.name,
            status=outcome.status,
            audio_seconds=record.duration_seconds,
            **outcome.stages_ms,
        )


async def _as_given(text: str) -> AsyncIterator[str]:
    yield text


def _conversation(order: SpeechOrder) -> Key | None:
    return (order.caller, order.conversation_id) if order.conversation_id else None


def _sentence(error: Exception | None) -> str:
    if error is None:
        return ""
    return error.message if isinstance(error, VoiceError) else type(error).__name__
