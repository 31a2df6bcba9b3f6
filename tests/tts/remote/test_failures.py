"""What a server can do wrong to a clause, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import pytest

from common.audio import float_to_pcm16, wav_bytes
from common.engine import PartState
from common.errors import EngineFailed, Overloaded
from common.workers import Priority, Urgency
from tests.contracts.tts import SENTENCE, seconds
from tests.llm.helpers import LONG_SECONDS, PATIENCE_SECONDS
from tests.servers.audio import (
    RATE_HZ,
    AudioServer,
    cut_off,
    endless,
    error,
    hangs,
    raw,
    resets,
    speak,
    stalls,
    tone,
)
from tests.servers.http import Behaviour
from tests.tts.remote.remote_speaking import SOON_SECONDS, say, started
from tests.waiting import until
from tts_app.core.engine import SpeechPart, SynthesisRequest
from tts_app.core.remote.engine import RemoteTts

PCM = "audio/pcm"
HALF_A_SECOND = float_to_pcm16(tone(0.5).samples)
WAV = wav_bytes(tone(0.5))


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with AudioServer() as running:
        yield running


@dataclass
class Case:
    """What the server does, what the engine says, and the limit that it has."""

    does: Behaviour
    says: str
    tries: int = 1
    timeout_seconds: float = LONG_SECONDS


def silent(does: Behaviour) -> Case:
    """Nothing but the limit ends it."""
    return Case(does, "stopped answering", timeout_seconds=SOON_SECONDS)


async def say_again(engine: RemoteTts, case: Case) -> list[SpeechPart]:
    """What a server that is well again says. A busy machine may meet a limit that is as
    short as SOON_SECONDS a few times more."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await say(engine)
        except EngineFailed:
            if case.timeout_seconds > SOON_SECONDS or time.monotonic() > ends_at:
                raise


BEFORE_AUDIO = {
    "hang before headers": silent(hangs),
    "hang before audio": silent(stalls(content_type=PCM)),
    "resets again and again": Case(resets, "closed the connection", 2),
    "500": Case(error(500, "The voice crashed."), "answered 500: The voice", 2),
    "502 as a page": Case(
        raw(b"<html>", content_type="text/html", status=502), "answered 502", 2
    ),
    "a page": Case(raw(b"<html>", content_type="text/html"), "text/html and not PCM"),
    "JSON": Case(raw(b"{}"), "application/json.* and not PCM"),
    "mp3": Case(raw(b"ID3", content_type="audio/mpeg"), "audio/mpeg and not PCM"),
    "no audio": Case(raw(content_type=PCM), "sent no audio"),
    "a WAV file without audio": Case(raw(WAV[:44], content_type=PCM), "sent no audio"),
    "half a WAV header": Case(raw(WAV[:30], content_type=PCM), "without audio"),
    "a WAV header without end": Case(
        endless(b"RIFF1234WAVELIST\0\0\0\x10" + b"x" * 4096, PCM), "never ends"
    ),
    "float WAV": Case(
        raw(
            WAV[:20] + b"\3\0" + WAV[22:34] + b"\x20\0" + WAV[36:],
            content_type="audio/wav",
        ),
        "of 32 bits, 1 channels",
    ),
    "a rate of 1 Hz": Case(
        raw(WAV[:24] + b"\1\0\0\0" + WAV[28:], content_type="audio/wav"), "and 1 Hz"
    ),
    "422": Case(error(422, "Nothing to say."), "422: Nothing to say"),
}


@pytest.mark.parametrize("case", BEFORE_AUDIO.values(), ids=BEFORE_AUDIO.keys())
async def test_it_says_what_the_server_did(server: AudioServer, case: Case) -> None:
    server.script = [case.does] * 3
    async with started(server.url, timeout_seconds=case.timeout_seconds) as engine:
        began = time.monotonic()
        with pytest.raises(EngineFailed, match=case.says) as failed:
            await say(engine)
        assert time.monotonic() - began < PATIENCE_SECONDS
        assert failed.value.message.startswith(f"Text to speech: {server.url}/v1 ")
        assert len(server.audio_requests) == case.tries
        server.script = []
        assert seconds(await say_again(engine, case)) > 0.5
        assert engine.stats().queued == 0
        assert engine.health().state is PartState.READY


IN_THE_AUDIO = {
    "stall": Case(
        stalls(HALF_A_SECOND, content_type=PCM), "stopped answering", timeout_seconds=1
    ),
    "cut off": Case(cut_off(HALF_A_SECOND, content_type=PCM), "closed the connection"),
    "never ends": Case(endless(HALF_A_SECOND, PCM), "max_audio_seconds"),
}


@pytest.mark.parametrize("case", IN_THE_AUDIO.values(), ids=IN_THE_AUDIO.keys())
async def test_audio_that_has_begun_is_never_begun_again(
    server: AudioServer, case: Case
) -> None:
    server.script = [case.does]
    limits = {"timeout_seconds": case.timeout_seconds, "max_audio_seconds": 5}
    heard = []
    async with started(server.url, **limits) as engine:
        parts: Any = engine.synthesize(
            SynthesisRequest(SENTENCE), Urgency(Priority.FIRST_CLAUSE)
        )
        with pytest.raises(EngineFailed, match=case.says):
            async with aclosing(parts):
                async for part in parts:
                    heard.append(part)
        assert 0 < seconds(heard) < 6
        assert len(server.audio_requests) == 1


@pytest.mark.parametrize("broken", [error(500, "Oops."), error(502, ""), resets])
async def test_it_asks_once_more_on_a_fresh_connection(
    server: AudioServer, broken: Behaviour
) -> None:
    server.script = [speak, broken]
    async with started(server.url) as engine:
        for _ in range(2):
            assert seconds(await say(engine)) > 0.5
    first, failed, again = (each.connection for each in server.audio_requests)
    assert first == failed != again


@pytest.mark.parametrize("status", [429, 503])
async def test_an_overloaded_server_says_when_to_come_again(
    server: AudioServer, status: int
) -> None:
    server.script = [error(status, "Queue full.", retry_after="7")]
    async with started(server.url) as engine:
        with pytest.raises(Overloaded, match="Queue full") as refused:
            await say(engine)
        assert refused.value.retry_after_seconds == 7.0
    assert len(server.audio_requests) == 1


async def test_audio_that_trickles_is_given_as_it_comes(server: AudioServer) -> None:
    chunk = float_to_pcm16(tone(0.05).samples)
    server.script = [endless(chunk, PCM, gap_seconds=0.01)]
    async with started(server.url, timeout_seconds=1) as engine:
        parts: Any = engine.synthesize(
            SynthesisRequest(SENTENCE), Urgency(Priority.FIRST_CLAUSE)
        )
        async with aclosing(parts):
            heard = [await anext(parts) for _ in range(4)]
        assert {part.rate_hz for part in heard} == {RATE_HZ}
        await until(lambda: server.audio_requests[0].left_at is not None)


async def test_a_server_that_comes_later_is_found(server: AudioServer) -> None:
    server.vanish()
    async with started(server.url, check_seconds=0.05) as engine:
        assert engine.health().state is PartState.DOWN
        assert engine.voices() == []
        server.listen()
        await until(lambda: engine.health().state is PartState.READY)
        assert [voice.name for voice in engine.voices()] == ["anna", "ben"]
        assert seconds(await say(engine)) > 0.5
