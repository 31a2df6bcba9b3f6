"""A transcript that starts in a pause, before the endpoint is certain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from common.errors import VoiceError
from common.workers import Priority, Urgency
from stt_app.core.engine import SttEngine, Transcript, TranscriptionRequest

_LONG_AGO = 0.0


class SpeculativeTranscript:
    """The text of an open utterance up to a pause. It is right if no speech follows."""

    def __init__(
        self,
        engine: SttEngine,
        request: TranscriptionRequest,
        start_sample: int,
        speech_end_sample: int,
    ) -> None:
        self._covers = (start_sample, speech_end_sample)
        self._urgency = Urgency(Priority.SPECULATIVE)
        self._demoted = False
        self._task = asyncio.create_task(engine.transcribe(request, self._urgency))
        # Its failure does not matter unless it is claimed.
        self._task.add_done_callback(_seen)

    def fits(self, start_sample: int, speech_end_sample: int) -> bool:
        """Whether it covers exactly that speech."""
        return self._covers == (start_sample, speech_end_sample)

    def when_ready(self, tell: Callable[[Transcript], None]) -> None:
        """Call `tell` with the text once it exists; never if it fails or is dropped."""

        def ready(task: asyncio.Task[Transcript]) -> None:
            if not task.cancelled() and task.exception() is None:
                tell(task.result())

        self._task.add_done_callback(ready)

    async def claim(self) -> Transcript:
        """It was the end: return the text as soon as possible. Raises the engine's
        errors."""
        self._urgency.raise_to(Priority.FINAL)
        return await self._task

    async def watch(self) -> Transcript | None:
        """The text as an interim result, None if there is none.

        Raises CancelledError when it is cancelled. That does no harm to the transcript,
        unless it was demoted.
        """
        try:
            return await asyncio.shield(self._task)
        except VoiceError:
            return None
        except asyncio.CancelledError:
            if self._demoted:
                self.drop()
            raise

    def leave_to_history(self) -> None:
        """The client has gone."""
        self._urgency.leave_to_history()

    def give_up(self) -> None:
        """Nobody needs the text: whoever has claimed it gets Expired."""
        self._urgency.give_up()

    def demote(self) -> None:
        """It was not the end. Observers may still get the text if decoding has
        started."""
        self._demoted = True
        self._urgency.priority = Priority.INTERIM
        self._urgency.deadline = _LONG_AGO

    def drop(self) -> None:
        """It was not the end."""
        self._task.cancel()


def _seen(task: asyncio.Task[Transcript]) -> None:
    if not task.cancelled():
        task.exception()
