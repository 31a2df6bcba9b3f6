"""Summarises a long conversation while nobody speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from functools import partial

import structlog

from chat_app.conversation.background import Background
from chat_app.conversation.options import ConversationOptions
from chat_app.core.dialogue import Dialogue
from chat_app.replies.reply import ReplyServices
from chat_app.session.summary import Plan, SummaryLimits, plan
from common.errors import VoiceError
from common.text_cleaning import clean_text
from gateway_app.usage.accounts import Quota
from llm.engine import ReplyOptions, TextDelta
from stt_app.core.languages import LANGUAGE_NAMES
from tts_app.llm_reply import metered

log = structlog.get_logger(__name__)

LONGEST_SECONDS = 60.0
BUSY_SECONDS = 0.5
"""How often to check whether others wait for replies."""
RETRY_SECONDS = 30.0
"""The pause after a failure: the model may be unavailable, or the quota used up."""


class Compaction:
    """At most one summary at a time, and none while there is a turn or a reply.

    `look` must be called after every event of the conversation. A summary has the priority
    of a speculative reply: it gives way to the user and to every committed turn, and never
    begins while somebody waits for a reply.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        services: ReplyServices,
        limits: SummaryLimits,
        is_idle: Callable[[], bool],
    ) -> None:
        self.language = ""
        """The language of the conversation, as a code; empty if it is unknown."""
        self._options = ConversationOptions()
        self._dialogue = dialogue
        self._services = services
        self._scheduler = services.scheduler
        self._limits = limits
        self._is_idle = is_idle
        self._task: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._ending = Background()

    def use(self, options: ConversationOptions, language: str) -> None:
        """Set the options of the conversation; the same model writes the summary."""
        self._options, self.language = options, language

    def look(self) -> None:
        """Stop the summary if the conversation goes on; begin one if it is due."""
        if not self._is_idle():
            self.give_up()
        elif self._task is None and self._plan() is not None:
            self._task = asyncio.create_task(self._run())

    def give_up(self) -> None:
        """Stop at once; the work begins again when nobody speaks."""
        if self._task is not None:
            self._task.cancel()
            self._ending.keep(self._task)
            self._task = None
            self._scheduler.end(self)

    async def close(self) -> None:
        self.give_up()
        await self._ending.join()

    def _plan(self) -> Plan | None:
        return plan(self._dialogue, self._options.instructions, self._limits)

    async def _run(self) -> None:
        try:
            await self._wait_until_idle()
            if (due := self._plan()) is not None:
                self._scheduler.begin(self, speculative=True)
                async with asyncio.timeout(LONGEST_SECONDS):
                    await self._summarise(due)
        except (VoiceError, TimeoutError) as error:
            # Without a summary the oldest items are left out.
            log.info("conversation not summarised", reason=str(error))
            self._not_before = asyncio.get_running_loop().time() + RETRY_SECONDS
        finally:
            if self._task is asyncio.current_task():
                self._task = None
                self._scheduler.end(self)

    async def _wait_until_idle(self) -> None:
        now = asyncio.get_running_loop().time()
        seconds = max(self._limits.idle_seconds, self._not_before - now)
        while True:
            await asyncio.sleep(seconds)
            if self._scheduler.may_speculate():
                return
            seconds = BUSY_SECONDS

    async def _summarise(self, due: Plan) -> None:
        before = self._dialogue.summary
        text = await self._write(due)
        unchanged = all(self._dialogue.find(each.id) == each for each in due.items)
        if text and unchanged and self._dialogue.summary is before:
            self._dialogue.summary = due.summary(text, before)
            log.info("conversation summarised", items=len(due.items))
            # The model reads the summary before the next question.
            messages = partial(self._dialogue.messages, self._options.instructions)
            self._services.ahead.begin(messages, self._options.llm)

    async def _write(self, due: Plan) -> str:
        tokens = self._limits.summary_tokens
        options = ReplyOptions(
            model=self._options.llm.model, max_tokens=tokens, temperature=0.0
        )
        account = self._services.account
        await account.admit(Quota.LLM_TOKENS)
        language = LANGUAGE_NAMES.get(self.language, "").title()
        messages = due.messages(language, self._limits)
        text = ""
        answer = metered(self._services.llm, messages, options, account)
        async with aclosing(answer) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    text += event.text
        return clean_text(text).strip()
