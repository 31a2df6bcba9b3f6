"""Sends a reply's audio, no further ahead of the loudspeaker than allowed."""

from __future__ import annotations

import asyncio

from chat_app.core import outputs as out
from chat_app.core.echo import PlayedAudio
from chat_app.replies.reply import Reply
from chat_app.replies.sink import EventSink
from tts_app.core.events import ClauseStarted, PcmAudio, TextDelta

CHUNK_SECONDS = 0.1
"""Audio in one message. A pause or cancellation takes effect between two messages."""
_SHORTEST_SLEEP_SECONDS = 0.01
_MOST_UNREAD = 200
"""Nothing more is sent while this many messages are unread."""


class ReplySender:
    """Sends one released reply."""

    def __init__(
        self, reply: Reply, number: int, sink: EventSink, ahead_seconds: float
    ) -> None:
        self.reply = reply
        self._number = number
        self._put = sink.put
        self._waiting = sink.waiting
        self._clock = sink.clock
        self._ahead_seconds = ahead_seconds
        self._speaks = reply.spec.speaks
        self._going = asyncio.Event()
        self._going.set()
        self.first_sent_at: float | None = None
        self.played = PlayedAudio()

    @property
    def position_seconds(self) -> float:
        """How much was heard; for a reply that is only written, the time since its start."""
        if not self._speaks:
            since = self.first_sent_at
            return 0.0 if since is None else self._clock() - since
        return self.reply.spoken.clock.position(self._clock())

    def pause(self) -> None:
        """Stop sending, as the client stops playing. Has no effect on a written reply."""
        if not self._speaks:
            return
        self._going.clear()
        self.reply.spoken.clock.pause(self._clock())

    def resume(self) -> None:
        """Continue where it was paused."""
        self.reply.spoken.clock.resume(self._clock())
        self._going.set()

    async def run(self) -> None:
        """Send the whole reply."""
        async for event in self.reply.events():
            match event:
                case TextDelta():
                    await self._write(event)
                case ClauseStarted():
                    await self._wait_until_due(event.start_seconds)
                    self._put(self._clause(event))
                case PcmAudio():
                    await self._send(event)

    async def wait_until_heard(self) -> None:
        """Wait until the sent audio should have been played."""
        clock = self.reply.spoken.clock
        while (left := clock.sent_seconds - clock.position(self._clock())) > 0:
            await self._going.wait()
            await asyncio.sleep(max(_SHORTEST_SLEEP_SECONDS, left))
        self.played.forget(clock.sent_seconds)

    async def _write(self, event: TextDelta) -> None:
        if not self._speaks:
            await self._wait_until_due(0.0)
            self.first_sent_at = self.first_sent_at or self._clock()
        reply = self.reply
        self._put(
            out.ReplyText(reply.response_id, reply.item_id, event.text, self._speaks)
        )

    async def _send(self, audio: PcmAudio) -> None:
        step = round(CHUNK_SECONDS * audio.rate_hz)
        for start in range(0, len(audio.samples), step):
            samples = audio.samples[start : start + step]
            begins = (audio.start_sample + start) / audio.rate_hz
            await self._wait_until_due(begins)
            now = self._clock()
            self.first_sent_at = self.first_sent_at or now
            self.played.forget(self.position_seconds)
            self.played.add(begins, samples, audio.rate_hz)
            self.reply.spoken.clock.send(begins + len(samples) / audio.rate_hz, now)
            self._put(
                out.ReplyAudio(
                    self.reply.response_id,
                    self.reply.item_id,
                    self._number,
                    audio.clause,
                    round(begins * 1000),
                    samples,
                    audio.rate_hz,
                )
            )

    async def _wait_until_due(self, seconds: float) -> None:
        """Wait until this position of the reply may be sent."""
        while True:
            await self._going.wait()
            early = seconds - self.position_seconds - self._ahead_seconds
            if early <= 0 and self._waiting() < _MOST_UNREAD:
                return
            await asyncio.sleep(max(_SHORTEST_SLEEP_SECONDS, min(early, CHUNK_SECONDS)))

    def _clause(self, event: ClauseStarted) -> out.ClauseSpoken:
        start_ms = round(event.start_seconds * 1000)
        return out.ClauseSpoken(
            self.reply.response_id, event.clause, start_ms, event.text, event.rate_hz
        )
