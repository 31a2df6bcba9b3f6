"""Reports the tokens of an answer, from any backend and however it ended."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from llm.engine import ChatMessage, Finished, LlmEvent, TextDelta, TokenUsage
from llm.servers.context import MESSAGE_TOKENS, estimate_tokens


async def with_usage(
    events: AsyncGenerator[LlmEvent, None],
    messages: Sequence[ChatMessage],
    report: Callable[[TokenUsage], None],
) -> AsyncGenerator[LlmEvent, None]:
    """The same events. In the end `report` gets the tokens as the server counted them;
    where it did not, or the answer was cut off, as they are estimated from the texts. An
    answer that failed before it said anything costs nothing."""
    usage: TokenUsage | None = None
    answer: list[str] = []
    try:
        async with aclosing(events):
            async for event in events:
                if isinstance(event, TextDelta):
                    answer.append(event.text)
                elif isinstance(event, Finished):
                    usage = event.usage
                yield event
    finally:
        if usage is None and answer:
            usage = estimated_usage(messages, "".join(answer))
        if usage is not None:
            report(usage)


def estimated_usage(messages: Sequence[ChatMessage], answer: str) -> TokenUsage:
    """An upper estimate from the texts alone."""
    asked = sum(
        estimate_tokens(message.content) + MESSAGE_TOKENS for message in messages
    )
    return TokenUsage(asked, estimate_tokens(answer))
