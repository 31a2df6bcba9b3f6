"""Fits a conversation into a model's context by dropping the oldest turns."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence

import structlog

from common.errors import TooLarge
from llm.engine import ChatMessage

log = structlog.get_logger(__name__)

CountTokens = Callable[[str], Awaitable[int]]

MESSAGE_TOKENS = 8
"""What a chat template adds to each message, rounded up."""
ASSUMED_CONTEXT_TOKENS = 4_096
"""Assumed for a server when `llm_context_tokens` is 0."""
ASCII_CHARACTERS_A_TOKEN = 3.0


def estimate_tokens(text: str) -> int:
    """An upper estimate: few models need more tokens than this for any language."""
    ascii_count = len(text.encode("ascii", "ignore"))
    others = len(text) - ascii_count
    return math.ceil(ascii_count / ASCII_CHARACTERS_A_TOKEN) + others


def answer_budget(context_tokens: int, max_tokens: int) -> int:
    """Tokens reserved for the answer; the question gets at least half of the context."""
    return min(max_tokens, context_tokens // 2)


async def fit_context(
    messages: Sequence[ChatMessage],
    context_tokens: int,
    max_tokens: int,
    count: CountTokens | None = None,
) -> list[ChatMessage]:
    """The system prompt, the last message, and as many turns before it as fit.

    `count` gives the exact number of tokens; without it, sizes are estimated. Raises
    TooLarge with `count` when not even the last message fits.
    """
    budget = context_tokens - answer_budget(context_tokens, max_tokens)
    if sum(map(_most_tokens, messages)) <= budget:
        return list(messages)
    sizes = [await _size(message, count) for message in messages]
    head = 1 if messages[0].role == "system" else 0
    start = head
    while _total(sizes, head, start) > budget:
        following = _next_question(messages, start)
        if following is None:
            break
        start = following
    if count is not None and _total(sizes, head, start) >= context_tokens:
        raise TooLarge(
            f"The text and its system prompt have {_total(sizes, head, start)} tokens; "
            f"the model's context holds {context_tokens}.",
            field="text",
        )
    if start > head:
        log.info("old turns dropped", messages=start - head)
    return [*messages[:head], *messages[start:]]


def _next_question(messages: Sequence[ChatMessage], start: int) -> int | None:
    """Where the next turn begins: no answer or tool call stands without its question."""
    later = range(start + 1, len(messages))
    return next((i for i in later if messages[i].role == "user"), None)


def _total(sizes: Sequence[int], head: int, start: int) -> int:
    return sum(sizes[:head]) + sum(sizes[start:])


def _most_tokens(message: ChatMessage) -> int:
    """No tokenizer that works on bytes makes more tokens than there are bytes."""
    return len(_text(message).encode("utf-8", "replace")) + MESSAGE_TOKENS


async def _size(message: ChatMessage, count: CountTokens | None) -> int:
    text = _text(message)
    tokens = estimate_tokens(text) if count is None else await count(text)
    return tokens + MESSAGE_TOKENS


def _text(message: ChatMessage) -> str:
    calls = (f"{call.name}{call.arguments_json}" for call in message.tool_calls)
    return "".join([message.content, *calls])
