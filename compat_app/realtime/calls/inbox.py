"""A bounded queue of the audio and events that came from the caller."""

from __future__ import annotations

import asyncio
from collections import deque

from compat_app.realtime.calls.playback import RATE_HZ

LONGEST_SECONDS = 10.0
"""Audio that waits for a session that is behind; older audio is dropped."""
MOST_EVENTS = 1_000
MOST_EVENT_BYTES = 1 << 21
_BYTES_PER_SECOND = RATE_HZ * 2


class InboxFull(Exception):
    """The events that wait are too many or too large."""


class Inbox:
    """Audio and events to be processed; events go first."""

    def __init__(self) -> None:
        self._audio: deque[bytes] = deque()
        self._audio_bytes = 0
        self._events: deque[tuple[str, int]] = deque()
        """Each with its size in bytes."""
        self._event_bytes = 0
        self._changed = asyncio.Event()
        self.dropped_bytes = 0
        """Audio that was dropped because the session was too far behind."""

    def put_audio(self, pcm: bytes) -> None:
        """Queue mono PCM16 at 48 kHz. Drops the oldest audio when the queue is full."""
        self._audio.append(pcm)
        self._audio_bytes += len(pcm)
        while self._audio_bytes > LONGEST_SECONDS * _BYTES_PER_SECOND:
            lost = len(self._audio.popleft())
            self._audio_bytes -= lost
            self.dropped_bytes += lost
        self._changed.set()

    def put_event(self, text: str) -> None:
        """Queue an event. Raises InboxFull."""
        size = len(text.encode())
        is_large = self._event_bytes + size > MOST_EVENT_BYTES
        if is_large or len(self._events) >= MOST_EVENTS:
            raise InboxFull
        self._event_bytes += size
        self._events.append((text, size))
        self._changed.set()

    async def next(self) -> str | bytes:
        """Wait for the next event, or for all audio that has come."""
        while True:
            if self._events:
                event, size = self._events.popleft()
                self._event_bytes -= size
                return event
            if self._audio:
                pcm = b"".join(self._audio)
                self._audio.clear()
                self._audio_bytes = 0
                return pcm
            self._changed.clear()
            await self._changed.wait()
