"""What the language model answers to an order, and what is remembered of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import structlog

from common.config import Config
from common.errors import BadValue, LlmUnavailable, NotFound, VoiceError
from llm.engine import ChatMessage, LlmEngine, text_deltas
from llm.prompt import system_prompt
from tts_app.core.conversations import ConversationStore, Key, Turn, as_messages
from tts_app.order import SpeechOrder

log = structlog.get_logger(__name__)


class Answering:
    """Asks the language model with the conversation so far."""

    def __init__(
        self, config: Config, llm: LlmEngine, conversations: ConversationStore
    ) -> None:
        self._config = config
        self._llm = llm
        self._conversations = conversations

    async def close(self) -> None:
        await self._conversations.close()

    def check(self, order: SpeechOrder) -> None:
        """Raises BadValue for an answer longer than the configuration allows."""
        wanted, most = order.options.max_tokens, self._config.llm_max_tokens
        if wanted is not None and wanted > most:
            raise BadValue(
                f"`max_tokens` is {wanted}; at most {most} are allowed "
                "(`llm_max_tokens`).",
                field="max_tokens",
            )

    async def pieces(self, order: SpeechOrder) -> AsyncIterator[str]:
        """The answer as it is written. Raises LlmUnavailable, Unavailable."""
        llm = self._llm
        said_anything = False
        pieces = text_deltas(llm.reply(await self._messages(order), order.options))
        async with aclosing(pieces):
            async for piece in pieces:
                said_anything = said_anything or bool(piece.strip())
                yield piece
        if not said_anything:
            raise LlmUnavailable(
                f"The language model {llm.model_name} ({llm.backend}) answered nothing.",
                retry_after_seconds=1,
            )

    async def remember(self, order: SpeechOrder, answer: str) -> None:
        """The order was answered in full. Never raises: the answer was given."""
        if key := _key(order):
            try:
                await self._conversations.add(key, Turn(order.text, answer))
            except VoiceError as error:
                log.warning("turn not remembered", reason=error.message)

    async def forget(self, caller: str, conversation_id: str) -> None:
        """Raises NotFound when there is no such conversation of this caller."""
        if not await self._conversations.forget(Key(caller, conversation_id)):
            raise NotFound(
                "There is no conversation with this id, or it has expired.",
                field="conversation_id",
            )

    async def _messages(self, order: SpeechOrder) -> list[ChatMessage]:
        prompt = order.system_prompt or system_prompt(self._config)
        key = _key(order)
        past = await self._conversations.history(key) if key else []
        return [
            ChatMessage("system", prompt),
            *as_messages(past),
            ChatMessage("user", order.text),
        ]


def _key(order: SpeechOrder) -> Key | None:
    if not order.conversation_id:
        return None
    return Key(order.caller, order.conversation_id)
