"""A server of `/ws/voice` that answers with tones, for tests of its client."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from chat_app.protocol.wire import HEADER
from common.audio import SPEECH_RATE_HZ, float_to_pcm16, pcm16_to_float

RATE_HZ = 22_050
LOUD = 0.1
SILENCE_SECONDS = 0.2
"""So much silence ends a turn."""
TOKEN = "t1"
STAGES = {"committed": 200.0, "first_sent": 210.0}


@dataclass(frozen=True)
class Answer:
    """A reply: its clauses, and for how long each of them sounds."""

    clauses: tuple[str, ...]
    clause_seconds: float = 0.2


@dataclass
class VoiceServer:
    """What it heard, and how it answers: one answer for each turn, None drops it."""

    answers: Sequence[Answer | None] = (Answer(("Hello,", "you.")),)
    refusal: str = ""
    """Said instead of `session.updated`."""
    closes: tuple[int, str] | None = None
    """Says this and closes with this code instead of beginning."""
    drops_at: float | None = None
    """The connection is lost once so many seconds of audio have come."""
    forgets: bool = False
    """Whether a conversation ends with its connection."""
    url: str = ""
    received: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    heard_seconds: float = 0.0
    """Audio that came, speech or not."""
    loud_samples: int = 0
    _held: _Conversation | None = None
    """Whose connection was lost."""

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.received if each["type"] == kind]

    async def serve(self, socket: ServerConnection) -> None:
        """Hold one conversation."""
        assert socket.request is not None
        self.headers.append(dict(socket.request.headers.raw_items()))
        held, self._held = self._held, None
        if f"resume={TOKEN}" in socket.request.path and held and not self.forgets:
            await held.resume(socket)
        else:
            await _Conversation(self, socket).run()

    def drop(self, held: _Conversation) -> None:
        """Lose its connection without a word, as a network does."""
        self.drops_at, self._held = None, held
        held.socket.transport.abort()


class _Conversation:
    def __init__(self, server: VoiceServer, socket: ServerConnection) -> None:
        self._server = server
        self.socket = socket
        self._answers = list(server.answers)
        self._number = 0
        self._reply: asyncio.Task[None] | None = None
        self._silence_seconds = 0.0
        self._speaks = False

    async def run(self) -> None:
        if self._server.closes is not None:
            code, said = self._server.closes
            await self._send("error", error={"code": "refused", "message": said})
            await self.socket.close(code)
            return
        await self._begin()
        await self._listen()

    async def resume(self, socket: ServerConnection) -> None:
        self.socket = socket
        heard_ms = round(1000 * self._server.heard_seconds)
        items = [{"id": "item_1", "role": "assistant", "text": "Hello"}]
        said = {"x.resumed": True, "x.audio_ms": heard_ms, "x.items": items}
        await self._begin(**said)
        await self._listen()

    async def _begin(self, **fields: Any) -> None:
        session = {"x.not_ready": {}, "x.resume_token": TOKEN, **fields}
        await self._send("session.created", session=session)

    async def _listen(self) -> None:
        try:
            async for message in self.socket:
                if isinstance(message, bytes):
                    await self._hear(message)
                else:
                    await self._take(json.loads(message))
        finally:
            if self._reply is not None:
                self._reply.cancel()

    async def _take(self, event: dict[str, Any]) -> None:
        self._server.received.append(event)
        match event["type"]:
            case "session.update" if self._server.refusal:
                error = {"code": "bad_value", "message": self._server.refusal}
                await self._send("error", error=error)
            case "session.update":
                await self._send("session.updated", session=event["session"])
            case "response.create":
                self._answer()
            case "response.cancel":
                await self._cancel("client_cancelled")

    async def _hear(self, frame: bytes) -> None:
        seconds = len(frame) / 2 / SPEECH_RATE_HZ
        self._server.heard_seconds += seconds
        loud = np.abs(pcm16_to_float(frame)) > LOUD
        self._server.loud_samples += int(np.count_nonzero(loud))
        drops_at = self._server.drops_at
        if drops_at is not None and self._server.heard_seconds >= drops_at:
            self._server.drop(self)
            return
        if loud.any():
            self._silence_seconds = 0.0
            if not self._speaks:
                self._speaks = True
                await self._cancel("turn_detected")
                await self._send("input_audio_buffer.speech_started")
                await self._send("x.caption", text="what is")
            return
        self._silence_seconds += seconds
        if self._speaks and self._silence_seconds >= SILENCE_SECONDS:
            self._speaks = False
            await self._end_turn()

    async def _end_turn(self) -> None:
        end = self._server.heard_seconds - self._silence_seconds
        kind = "input_audio_buffer.speech_stopped"
        await self._send(kind, audio_end_ms=round(1000 * end))
        if self._answers[:1] == [None]:
            self._answers.pop(0)
            await self._send("x.turn.dropped", reason="no_words")
            return
        kind = "conversation.item.input_audio_transcription.completed"
        await self._send(kind, transcript="What is it?")
        self._answer()

    def _answer(self) -> None:
        answer = self._answers.pop(0) if self._answers else None
        if answer is not None:
            self._number += 1
            self._reply = asyncio.create_task(self._speak(answer, self._number))

    async def _speak(self, answer: Answer, number: int) -> None:
        response = {"id": f"resp_{number}", "x.number": number}
        await self._send("response.created", response=response)
        count = round(answer.clause_seconds * RATE_HZ)
        tone = 0.5 * np.sin(np.arange(count) * 0.1).astype(np.float32)
        for clause, text in enumerate(answer.clauses):
            start_ms = round(1000 * clause * answer.clause_seconds)
            await self._send(
                "x.output.clause",
                response_id=response["id"],
                clause=clause,
                text=text,
                start_ms=start_ms,
                rate=RATE_HZ,
            )
            header = HEADER.pack(1, 1, clause, number, start_ms)
            await self.socket.send(header + float_to_pcm16(tone))
        await asyncio.sleep(answer.clause_seconds * len(answer.clauses))
        self._reply = None
        await self._done("completed", None, " ".join(answer.clauses))

    async def _cancel(self, reason: str) -> None:
        if self._reply is None:
            return
        self._reply.cancel()
        self._reply = None
        await self._done("cancelled", {"reason": reason}, "Hello")

    async def _done(self, status: str, details: Any, text: str) -> None:
        response = {
            "id": f"resp_{self._number}",
            "status": status,
            "status_details": details,
            "output": [{"content": [{"type": "output_audio", "transcript": text}]}],
        }
        await self._send("response.done", response=response)
        ids = {"response_id": response["id"]}
        await self._send("x.metrics", **ids, stages_ms=STAGES)

    async def _send(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))


@contextlib.asynccontextmanager
async def voice_server(**fields: Any) -> AsyncIterator[VoiceServer]:
    """It serves on a free port until the end of the block."""
    server = VoiceServer(**fields)
    protocol = Subprotocol("voice.v1")
    async with serve(server.serve, "127.0.0.1", 0, subprotocols=[protocol]) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        server.url = f"ws://127.0.0.1:{port}/ws/voice"
        yield server
