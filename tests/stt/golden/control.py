"""Sessions about what a client may choose, and what it may not send."""

from __future__ import annotations

from common.audio import float_to_pcm16
from tests.fakes import FakeStt
from tests.stt.golden.fakes import LevelVad
from tests.stt.golden.speech import said
from tests.stt.golden.stage import Client, Stage
from tests.stt.sounds import sound


async def other_rates_and_languages(stage: Stage) -> None:
    stage.serve(FakeStt(["one", "deux", "drei", "four"]))
    client = await stage.open("?sample_rate=48000&language=en")
    await client.until("ready")
    await client.speak(0.4, rate_hz=48_000)
    await client.speak(-0.6, rate_hz=48_000)
    await client.speak(-0.3, rate_hz=48_000)
    await client.until("transcript", "ack")
    await client.ask("configure", sample_rate=8_000, language="fr")
    await client.speak(-0.2, 1, -0.8, rate_hz=8_000)
    await client.until("transcript", "ack")
    # In the middle of speech, too.
    await client.speak(0.5, rate_hz=8_000)
    await client.until("speech_started")
    await client.ask("configure", sample_rate=16_000, language="de")
    await said(client, 0.5, -0.8)
    await client.ask("configure", language="auto")
    await said(client, 0.5, -0.8)
    await client.close()


async def other_encodings(stage: Stage) -> None:
    stage.serve(FakeStt(["floats", "mu-law", "A-law"]))
    client = await stage.open("?encoding=pcm_f32le")
    await client.until("ready")
    floats = sound(0.5, -0.4).astype("<f4").tobytes()
    await client.hear(floats, floats=[0.5, -0.4])
    await client.hear(sound(-0.4).astype("<f4").tobytes(), floats=[-0.4])
    await client.until("transcript", "ack")
    await client.ask("configure", encoding="mulaw", sample_rate=8_000)
    await client.hear(_companded(b"\x90", b"\x10", b"\xff"), mulaw=[1, -0.8])
    await client.until("transcript", "ack")
    await client.ask("configure", encoding="alaw")
    await client.hear(_companded(b"\xa5", b"\x25", b"\xd5"), alaw=[1, -0.8])
    await client.until("transcript", "ack")
    await client.close()


def _companded(high: bytes, low: bytes, silent: bytes) -> bytes:
    """A second of a square wave and 0.8 s of silence, at 8 kHz."""
    return (high * 20 + low * 20) * 200 + silent * 6_400


async def an_unreadable_container(stage: Stage) -> None:
    stage.serve()
    client = await stage.open("?encoding=webm")
    await client.until("ready")
    await client.hear(b"RIFF" * 1_000, webm="no container at all")
    await client.until_closed()


async def other_pauses_and_thresholds(stage: Stage) -> None:
    stage.serve(FakeStt(["patient", "quick", "short", "quiet"]), LevelVad())
    client = await stage.open("?silence_max_seconds=1.5")
    await client.until("ready")
    await client.speak(0.5, -1)
    await said(client, 0.3, -1.6)
    await client.ask("configure", silence_max_seconds=0.2)
    await said(client, 0.5, -0.3)
    await client.ask("configure", min_utterance_seconds=0.05)
    await said(client, 0.1, -0.3)
    # Three times as quiet: 0.28 is no speech at first, and then it is.
    quiet = float_to_pcm16(sound(0.5, -0.3) / 3)
    await client.hear(quiet, quiet=[0.5, -0.3])
    await client.ask("configure", vad_threshold=0.2)
    await client.hear(quiet, quiet=[0.5, -0.3])
    await client.until("transcript", "ack")
    await client.close()


async def keepalive(stage: Stage) -> None:
    stage.serve(FakeStt(["Still here."]))
    client = await stage.open()
    await client.until("ready")
    await client.ask("keepalive")
    await client.speak(0.5)
    await client.ask("keepalive")
    await client.ask("flush")
    await client.until("flushed")
    await client.close()


_MALFORMED = (
    "hello",
    "[]",
    "{}",
    '{"type": "shout"}',
    '{"type": "flush", "now": true}',
    '{"type": "configure", "sample_rate": "16000"}',
    '{"type": "configure", "sample_rate": 7999}',
    '{"type": "configure", "encoding": "mp3"}',
    '{"type": "configure", "language": "ü \\ud800"}',
    '{"type": "configure", "silence_max_seconds": 0}',
    '{"type": "configure", "grüße": 11}',
    '{"type": "configure", "purpose": null, "prompt": 5}',
)


async def malformed_messages(stage: Stage) -> None:
    """Each is explained, and something well-formed in between forgives them."""
    stage.serve(FakeStt(["Still here."]))
    client = await stage.open()
    await client.until("ready")
    for text in _MALFORMED:
        await client.send(text)
        await client.until("error")
        await client.ask("keepalive")
    await said(client, 0.5, -0.8)
    await client.close()


async def three_malformed_messages(stage: Stage) -> None:
    stage.serve()
    client = await stage.open()
    await client.until("ready")
    await _nonsense(client, 2)
    await client.ask("keepalive")
    await _nonsense(client, 2)
    await client.speak(-0.1)
    await _nonsense(client, 3)
    await client.until_closed()


async def _nonsense(client: Client, times: int) -> None:
    for _ in range(times):
        await client.send("nonsense")
        await client.until("error")


async def too_large(stage: Stage) -> None:
    stage.serve(max_message_kb=1)
    client = await stage.open()
    await client.until("ready")
    await client.hear(bytes(1_025), zeros=1_025)
    await client.until_closed()


_REFUSED = (
    "?sample_rate=4000",
    "?sample_rate=fast",
    "?language=klingon",
    "?encoding=mp3",
    "?lang=en",
    "?resume=a&audio_seconds=-1",
)


async def refused_addresses(stage: Stage) -> None:
    stage.serve()
    for query in _REFUSED:
        client = await stage.open(query)
        await client.until_closed()


async def too_many_sessions(stage: Stage) -> None:
    stage.serve(stt_max_sessions=1)
    first = await stage.open()
    await first.until("ready")
    second = await stage.open()
    await second.until_closed()
    await first.close()


CONTROL = (
    other_rates_and_languages,
    other_encodings,
    an_unreadable_container,
    other_pauses_and_thresholds,
    keepalive,
    malformed_messages,
    three_malformed_messages,
    too_large,
    refused_addresses,
    too_many_sessions,
)
