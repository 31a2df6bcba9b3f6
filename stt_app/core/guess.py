"""A transcript that is begun in a pause, before anyone knows that it was the end."""

from __future__ import annotations

import asyncio

from common.workers import Priority, Urgency
from stt_app.core.engine import SttEngine, Transcript, Utterance


class Guess:
    """The text of an open utterance up to a pause. It is right if nothing follows."""

    def __init__(
        self,
        engine: SttEngine,
        utterance: Utterance,
        start_sample: int,
        speech_end_sample: int,
    ) -> None:
        self._covers = (start_sample, speech_end_sample)
        self._urgency = Urgency(Priority.SPECULATIVE)
        self._task = asyncio.create_task(engine.transcribe(utterance, self._urgency))
        # Its failure matters to nobody unless the guess is claimed.
        self._task.add_done_callback(_seen)

    def fits(self, start_sample: int, speech_end_sample: int) -> bool:
        """Whether it covers that speech, no more and no less."""
        return self._covers == (start_sample, speech_end_sample)

    async def claim(self) -> Transcript:
        """It was the end: the text, as soon as can be. Raises what the engine raises."""
        self._urgency.priority = Priority.FINAL
        return await self._task

    def drop(self) -> None:
        """It was not the end."""
        self._task.cancel()


def _seen(task: asyncio.Task[Transcript]) -> None:
    if not task.cancelled():
        task.exception()
