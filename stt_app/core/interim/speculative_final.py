"""A transcript that is begun in a pause, before anyone knows that it was the end."""

from __future__ import annotations

import asyncio

from common.errors import VoiceError
from common.workers import Priority, Urgency
from stt_app.core.engine import SttEngine, Transcript, TranscriptionRequest

_LONG_AGO = 0.0


class SpeculativeTranscript:
    """The text of an open utterance up to a pause. It is right if nothing follows."""

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
        # Its failure matters to nobody unless it is claimed.
        self._task.add_done_callback(_seen)

    def fits(self, start_sample: int, speech_end_sample: int) -> bool:
        """Whether it covers that speech, no more and no less."""
        return self._covers == (start_sample, speech_end_sample)

    async def claim(self) -> Transcript:
        """It was the end: the text, as soon as can be. Raises what the engine raises."""
        self._urgency.raise_to(Priority.FINAL)
        return await self._task

    async def watch(self) -> Transcript | None:
        """The text for one who only shows it, None if there is none.

        Cancelling it does no harm to the transcript, unless it was demoted.
        """
        try:
            return await asyncio.shield(self._task)
        except VoiceError:
            return None
        except asyncio.CancelledError:
            if self._demoted:
                self.drop()
            raise

    def demote(self) -> None:
        """It was not the end. Whoever watches may still have the text if it is begun."""
        self._demoted = True
        self._urgency.priority = Priority.INTERIM
        self._urgency.deadline = _LONG_AGO

    def drop(self) -> None:
        """It was not the end."""
        self._task.cancel()


def _seen(task: asyncio.Task[Transcript]) -> None:
    if not task.cancelled():
        task.exception()
