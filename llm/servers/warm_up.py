"""Makes a server load its model before the first question."""

from __future__ import annotations

import asyncio
import contextlib

from common.config.llm import LlmSettings
from common.errors import EngineFailed
from llm.engine import ChatMessage, LlmEngine
from llm.prompt import system_prompt


class WarmUp:
    """Warms the model up when the server is first seen, and again after an outage."""

    def __init__(self, engine: LlmEngine, settings: LlmSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._was_usable = False
        self._task: asyncio.Task[None] | None = None

    def observe(self, *, usable: bool) -> None:
        """Take the result of a health check. Returns at once."""
        if usable and not self._was_usable:
            self._task = asyncio.create_task(self._run())
        self._was_usable = usable

    async def stop(self) -> None:
        task, self._task, self._was_usable = self._task, None, False
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        # A system prompt that cannot be read is reported by the requests.
        with contextlib.suppress(EngineFailed):
            prompt = ChatMessage("system", system_prompt(self._settings))
            await self._engine.warm([prompt, ChatMessage("user", "Hello!")])
