"""The queue of events between the producer and the reader of an answer."""

from __future__ import annotations

import asyncio

from tts_app.core.events import PcmAudio, SpeechEvent

AHEAD_SECONDS = 8.0
"""The most audio to buffer ahead of the reader: enough for an unsteady network, and
little enough that an abandoned answer wastes no more than this."""


class EventQueue:
    """Bounded by the seconds of audio in it; clauses go in whole."""

    def __init__(self, ahead_seconds: float = AHEAD_SECONDS) -> None:
        self._ahead_seconds = ahead_seconds
        self._events: asyncio.Queue[SpeechEvent | None] = asyncio.Queue()
        self._unread_seconds = 0.0
        self._was_read = asyncio.Event()
        self._has_audio = asyncio.Event()
        """Also set by an end without audio."""

    @property
    def is_full(self) -> bool:
        return self._unread_seconds >= self._ahead_seconds

    def put(self, event: SpeechEvent) -> None:
        """Never waits; see `wait_for_capacity`."""
        if isinstance(event, PcmAudio):
            self._unread_seconds += event.seconds
            self._has_audio.set()
        self._events.put_nowait(event)

    def end(self) -> None:
        """Nothing follows."""
        self._events.put_nowait(None)
        self._has_audio.set()

    async def wait_for_capacity(self) -> None:
        """Until the reader has taken enough."""
        while self.is_full:
            self._was_read.clear()
            await self._was_read.wait()

    async def wait_for_audio(self) -> None:
        """Until there is audio to read, or the end."""
        await self._has_audio.wait()

    async def get(self) -> SpeechEvent | None:
        """The next event; None is the end."""
        event = await self._events.get()
        if isinstance(event, PcmAudio):
            self._unread_seconds -= event.seconds
            self._was_read.set()
        return event
