"""Has a server load its model before the first question comes."""

from __future__ import annotations

import asyncio
import contextlib

from common.config.llm import LlmSettings
from common.errors import EngineFailed
from llm.engine import ChatMessage, LlmEngine
from llm.prompt import system_prompt


class WarmUp:
    """Once when the server is first seen, and again when it was away."""

    def __init__(self, engine: LlmEngine, settings: LlmSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._was_usable = False
        self._task: asyncio.Task[None] | None = None

    def seen(self, *, usable: bool) -> None:
        """The server was just looked at. Returns at once."""
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
        # A system prompt that cannot be read is said elsewhere.
        with contextlib.suppress(EngineFailed):
            prompt = ChatMessage("system", system_prompt(self._settings))
            await self._engine.warm([prompt, ChatMessage("user", "Hello!")])
