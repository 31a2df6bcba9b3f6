"""The text of a reply and its function calls, as the language model writes them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from chat_app.replies.request import ReplySpec
from gateway_app.usage.accounts import Account, Quota
from llm.engine import Finished, LlmEngine, TextDelta, ToolCall
from tts_app.llm_reply import empty_answer, metered


class Writing:
    """One answer of the language model, or a given text. It can be read once."""

    def __init__(
        self,
        spec: ReplySpec,
        llm: LlmEngine,
        account: Account,
        clock: Callable[[], float],
    ) -> None:
        self.text = ""
        """The text so far."""
        self.calls: list[ToolCall] = []
        """Complete once the whole answer was read."""
        self.finished: Finished | None = None
        self.first_token_at: float | None = None
        self._spec = spec
        self._llm = llm
        self._account = account
        self._clock = clock
        self._texts = self._read()
        self._has_reader = False

    async def begin(self) -> bool:
        """Ask the model, and wait for the first words. Returns False for an answer that only
        calls functions.

        Raises the errors of the language model, and LlmUnavailable for an empty answer.
        """
        if not self._spec.says:
            await self._account.admit(Quota.LLM_TOKENS)
        while not self.text.strip():
            if await anext(self._texts, None) is None:
                if self.calls:
                    return False
                raise empty_answer(self._llm)
        return True

    async def pieces(self) -> AsyncGenerator[str, None]:
        """The text as it is written, including what `begin` has read."""
        self._has_reader = True
        async with aclosing(self._texts) as texts:
            yield self.text
            async for text in texts:
                yield text

    async def close(self) -> None:
        """Stop the model, unless the reader of `pieces` does."""
        if not self._has_reader:
            await self._texts.aclose()

    async def _read(self) -> AsyncGenerator[str, None]:
        spec = self._spec
        if spec.says:
            self.text, self.finished = spec.says, Finished("stop", "")
            yield spec.says
            return
        answer = metered(self._llm, spec.messages, spec.llm, self._account)
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
