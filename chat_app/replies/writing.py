"""What the language model writes for a reply: its text, and the functions that it calls."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from chat_app.replies.request import Order
from gateway_app.usage.accounts import Account, Quota
from llm.engine import Finished, LlmEngine, TextDelta, ToolCall
from tts_app.llm_reply import empty_answer, metered


class Writing:
    """One answer of the language model, or a text that was given, read once."""

    def __init__(
        self,
        order: Order,
        llm: LlmEngine,
        account: Account,
        clock: Callable[[], float],
    ) -> None:
        self.text = ""
        """What was written so far."""
        self.calls: list[ToolCall] = []
        """Known once all of it was read."""
        self.finished: Finished | None = None
        self.first_token_at: float | None = None
        self._order = order
        self._llm = llm
        self._account = account
        self._clock = clock
        self._texts = self._read()
        self._has_reader = False

    async def begin(self) -> bool:
        """Ask, and wait for the first words. Returns whether there are any: an answer may
        consist of calls.

        Raises what the language model raises, and LlmUnavailable for an empty answer.
        """
        if not self._order.says:
            await self._account.admit(Quota.LLM_TOKENS)
        while not self.text.strip():
            if await anext(self._texts, None) is None:
                if self.calls:
                    return False
                raise empty_answer(self._llm)
        return True

    async def pieces(self) -> AsyncGenerator[str, None]:
        """The text as it is written, with what `begin` has read."""
        self._has_reader = True
        async with aclosing(self._texts) as texts:
            yield self.text
            async for text in texts:
                yield text

    async def close(self) -> None:
        """Stop the model, unless a reader of the pieces does."""
        if not self._has_reader:
            await self._texts.aclose()

    async def _read(self) -> AsyncGenerator[str, None]:
        order = self._order
        if order.says:
            self.text, self.finished = order.says, Finished("stop", "")
            yield order.says
            return
        answer = metered(self._llm, order.messages, order.llm, self._account)
        async with aclosing(answer) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    self.first_token_at = self.first_token_at or self._clock()
                    self.text += event.text
                    yield event.text
                elif isinstance(event, ToolCall):
                    self.calls.append(event)
                else:
                    self.finished = event
