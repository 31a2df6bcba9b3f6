"""The language model's answer to a request, and its conversation."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

import structlog

from common.config.llm import LlmSettings
from common.errors import BadValue, LlmUnavailable, NotFound, VoiceError
from gateway_app.usage.accounts import Account, Resource
from llm.engine import (
    ChatMessage,
    LlmEngine,
    LlmEvent,
    ReplyOptions,
    TokenUsage,
    text_deltas,
)
from llm.prompt import system_prompt
from llm.token_usage import with_usage
from tts_app.core.conversations import ConversationStore, Key, Turn, as_messages
from tts_app.speech_request import SpeechRequest

log = structlog.get_logger(__name__)


class LlmReply:
    """Asks the language model with the conversation so far."""

    def __init__(
        self, settings: LlmSettings, llm: LlmEngine, conversations: ConversationStore
    ) -> None:
        self._settings = settings
        self._llm = llm
        self._conversations = conversations

    async def close(self) -> None:
        await self._conversations.close()

    def check(self, request: SpeechRequest) -> None:
        """Raises BadValue for a model or an answer's length that is not allowed."""
        check_model(request.options.model, self._llm, self._settings)
        check_length(request.options, self._settings)

    async def pieces(
        self, request: SpeechRequest, owner: str, account: Account
    ) -> AsyncIterator[str]:
        """The answer, streamed. Raises LlmUnavailable, Unavailable."""
        llm, said_anything = self._llm, False
        messages = await self._messages(request, owner)
        pieces = text_deltas(metered(llm, messages, request.options, account))
        async with aclosing(pieces):
            async for piece in pieces:
                said_anything = said_anything or bool(piece.strip())
                yield piece
        if not said_anything:
            raise empty_answer(llm)

    async def remember(self, request: SpeechRequest, owner: str, answer: str) -> None:
        """Store the complete answer. Never raises: the client already has the
        answer."""
        if key := _key(request, owner):
            try:
                await self._conversations.add(key, Turn(request.text, answer))
            except VoiceError as error:
                log.warning("turn not stored", reason=error.message)

    async def forget(self, owner: str, conversation_id: str) -> None:
        """Raises NotFound when there is no such conversation of this owner."""
        if not await self._conversations.forget(Key(owner, conversation_id)):
            raise NotFound(
                "There is no conversation with this id, or it has expired.",
                field="conversation_id",
            )

    async def _messages(self, request: SpeechRequest, owner: str) -> list[ChatMessage]:
        prompt = request.system_prompt or system_prompt(self._settings)
        key = _key(request, owner)
        past = await self._conversations.history(key) if key else []
        return [
            ChatMessage("system", prompt),
            *as_messages(past),
            ChatMessage("user", request.text),
        ]


def check_model(wanted: str, llm: LlmEngine, settings: LlmSettings) -> None:
    """Raises BadValue for a model that is not allowed: a caller must not make the server
    load whatever it has."""
    allowed = _allowed(llm, settings)
    if not wanted or "*" in allowed or _untagged(wanted) in allowed:
        return
    names = ", ".join(f"`{name}`" for name in sorted(allowed))
    raise BadValue(
        f"`model` may be {names} here (`llm_models` allows others).", field="model"
    )


def models_to_choose(llm: LlmEngine, settings: LlmSettings) -> list[str]:
    """The models that are allowed and can answer now; the usual one is the first."""
    allowed, usual = _allowed(llm, settings), llm.model_name
    found = {_untagged(usual): usual}
    for name in (*settings.llm_models, *llm.stats().offers):
        plain = _untagged(name)
        may = plain != "*" and (plain in allowed or "*" in allowed)
        if may and llm.offers(name):
            found.setdefault(plain, name)
    return list(found.values())


def _allowed(llm: LlmEngine, settings: LlmSettings) -> set[str]:
    configured = (
        llm.model_name,
        settings.ollama_model,
        settings.openai_model,
        *settings.llm_models,
    )
    return {_untagged(name) for name in configured if name}


def check_length(
    options: ReplyOptions, settings: LlmSettings, field: str = "max_tokens"
) -> None:
    """Raises BadValue, which calls it `field`, for an answer that may be too long."""
    wanted, most = options.max_tokens, settings.llm_max_tokens
    if wanted is not None and wanted > most:
        raise BadValue(
            f"`{field}` is {wanted}; at most {most} are allowed (`llm_max_tokens`).",
            field=field,
        )


def metered(
    llm: LlmEngine,
    messages: Sequence[ChatMessage],
    options: ReplyOptions,
    account: Account,
) -> AsyncGenerator[LlmEvent, None]:
    """The answer; its tokens count for the account, however it ends."""

    def spend(usage: TokenUsage) -> None:
        account.spend(Resource.LLM_IN, usage.prompt_tokens)
        account.spend(Resource.LLM_OUT, usage.completion_tokens)

    return with_usage(llm.reply(messages, options), messages, spend)


def empty_answer(llm: LlmEngine) -> LlmUnavailable:
    """The error for an answer without a word."""
    return LlmUnavailable(
        f"The language model {llm.model_name} ({llm.backend}) gave an empty answer.",
        retry_after_seconds=1,
    )


def _untagged(model: str) -> str:
    """Ollama's `latest` is the default."""
    return model.removesuffix(":latest")


def _key(request: SpeechRequest, owner: str) -> Key | None:
    if not request.conversation_id:
        return None
    return Key(owner, request.conversation_id)
