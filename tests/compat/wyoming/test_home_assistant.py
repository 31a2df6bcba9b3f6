"""Home Assistant's own sequences of events, read as its integration reads the answers.

`tests/data/clients/home_assistant.json` holds what `stt.py`, `tts.py` and `data.py` of
`homeassistant/components/wyoming` send (home-assistant/core, 2026, with the Wyoming
library 1.10). The readers below do what those modules do:

- `data.py` waits one second for `info`, and reads the fields that `read_info` reads.
- `stt.py` sends and receives at the same time; a `transcript`, an `error` or the end of
  the connection before `audio-stop` ends the sending. Everything else is ignored.
- `tts.py` makes the WAV header of the first `audio-start`, or without streaming of the
  first `audio-chunk`, and reads until `synthesize-stopped` or `audio-stop`. It does not
  know `error`.
"""

from __future__ import annotations

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator, Callable
from typing import Any

from wyoming.event import Event
from wyoming.info import Info

from common.audio import read_wav
from common.config import project_dir
from tests.clocks import TurnedClock
from tests.compat.wyoming.talking import Talk, listening, serving, talking
from tests.fakes import FakeStt, FakeTts
from tests.stt.sounds import pcm

FILE = project_dir() / "tests" / "data" / "clients" / "home_assistant.json"
RECORDED: Any = json.loads(FILE.read_text(encoding="utf-8"))
SPEECH = RECORDED["speech_to_text"]
SPEECH_SECONDS = 1.0


async def send(client: Talk, steps: list[dict[str, Any]]) -> None:
    for step in steps:
        await client.write_raw(step["type"], step["data"], RECORDED["version"])


async def read_info(port: int) -> Info:
    """As load_wyoming_info does, at its first try."""
    async with Talk(port) as client, asyncio.timeout(RECORDED["info"]["seconds"]):
        await send(client, RECORDED["info"]["send"])
        while True:
            event = await client.next()
            if event.type == "info":
                return Info.from_event(event)


class Microphone:
    """Audio that goes on for ever, at the pace of its clock."""

    def __init__(self, clock: TurnedClock, *parts: Any) -> None:
        self._clock = clock
        self._audio = pcm(*parts)
        self.taken = 0

    async def __call__(self) -> AsyncIterator[bytes]:
        size = SPEECH["chunk_bytes"]
        while True:
            chunk = self._audio[self.taken : self.taken + size] or bytes(size)
            self.taken += len(chunk)
            yield chunk
            self._clock.move_on(size / 32_000)
            await asyncio.sleep(0)


async def upload(client: Talk, stream: AsyncIterator[bytes]) -> None:
    """As _async_upload_audio does."""
    chunk = SPEECH["chunk"]
    async for audio in stream:
        data, version = chunk["data"], RECORDED["version"]
        await client.write_raw(chunk["type"], data, version, audio)
    await send(client, SPEECH["end"])


async def receive(client: Talk) -> str | None:
    """As _async_receive_result does: the text, or None for an error."""
    while True:
        event = await client.read_event()
        if event is None or event.type == "error":
            return None
        if event.type == "transcript":
            return str(event.data["text"])


async def recognized(
    port: int, stream: Callable[[], AsyncIterator[bytes]]
) -> str | None:
    """As async_process_audio_stream does."""
    async with Talk(port) as client:
        await send(client, SPEECH["begin"])
        uploading = asyncio.create_task(upload(client, stream()))
        receiving = asyncio.create_task(receive(client))
        try:
            done, _ = await asyncio.wait(
                (uploading, receiving), return_when=asyncio.FIRST_COMPLETED
            )
            if receiving in done:
                return receiving.result()
            uploading.result()
            return await receiving
        finally:
            for task in (uploading, receiving):
                task.cancel()
            await asyncio.gather(uploading, receiving, return_exceptions=True)


async def wav_of(client: Talk) -> bytes:
    """As async_get_tts_audio does."""
    with io.BytesIO() as file:
        writer: wave.Wave_write | None = None
        while (event := await client.next()).type != "audio-stop":
            if event.type == "audio-chunk":
                writer = writer or begun(file, event)
                writer.writeframes(event.payload or b"")
        assert writer is not None
        writer.close()
        return file.getvalue()


async def streamed_wav_of(client: Talk) -> bytes:
    """As _read_tts_audio does, with the length in the header added."""
    with io.BytesIO() as file:
        writer: wave.Wave_write | None = None
        while (event := await client.next()).type != "synthesize-stopped":
            if writer is not None and event.type == "audio-chunk":
                writer.writeframes(event.payload or b"")
            elif writer is None and event.type == "audio-start":
                writer = begun(file, event)
        assert writer is not None
        writer.close()
        return file.getvalue()


def begun(file: io.BytesIO, event: Event) -> wave.Wave_write:
    writer: wave.Wave_write = wave.open(file, "wb")  # noqa: SIM115 - the caller closes it
    writer.setframerate(event.data["rate"])
    writer.setsampwidth(event.data["width"])
    writer.setnchannels(event.data["channels"])
    return writer


async def test_it_finds_speech_to_text_and_text_to_speech() -> None:
    async with serving(listening()) as server:
        info = await read_info(server.port)
    asr = info.asr[0]
    assert asr.installed
    assert "en" in {code for m in asr.models if m.installed for code in m.languages}
    assert asr.requires_external_vad is False
    tts = next(program for program in info.tts if program.installed)
    voices = {code: v.name for v in tts.voices if v.installed for code in v.languages}
    assert voices == {"en_US": "en_US-fake-medium"}
    assert tts.supports_synthesize_streaming


async def test_the_server_ends_the_turn_while_the_microphone_goes_on() -> None:
    clock = TurnedClock()
    microphone = Microphone(clock, SPEECH_SECONDS)
    async with serving(listening(["turn on the light"]), clock) as server:
        text = await recognized(server.port, microphone)
    assert text == "turn on the light"
    sent_seconds = microphone.taken / 32_000
    assert SPEECH_SECONDS + 0.7 < sent_seconds < 10


async def test_silence_after_a_false_wake_word_ends_without_words() -> None:
    clock = TurnedClock()
    services = listening(wyoming_no_speech_seconds=3.0)
    async with serving(services, clock) as server:
        assert await recognized(server.port, Microphone(clock)) == ""


async def test_audio_that_ends_is_answered_too() -> None:
    async def short() -> AsyncIterator[bytes]:
        yield pcm(SPEECH_SECONDS)

    async with serving(listening(["lights off"])) as server:
        assert await recognized(server.port, short) == "lights off"


async def test_a_language_that_the_model_lacks_ends_the_turn() -> None:
    class EnglishStt(FakeStt):
        model_name = "tiny.en"

    clock = TurnedClock()
    german = {"type": "transcribe", "data": {"language": "de"}}
    async with talking(listening(stt=EnglishStt()), clock) as client:
        await send(client, [german, *SPEECH["begin"][1:]])
        assert await receive(client) is None


async def test_it_plays_a_whole_text() -> None:
    async with talking(listening()) as client:
        await send(client, RECORDED["text_to_speech"]["send"])
        audio = read_wav(await wav_of(client))
    assert audio.rate_hz == FakeTts.RATE_HZ
    assert audio.seconds > 0.5


async def test_it_plays_a_text_as_the_language_model_writes_it() -> None:
    services = listening()
    steps = RECORDED["text_to_speech_streamed"]["send"]
    async with talking(services) as client:
        await send(client, steps)
        audio = read_wav(await streamed_wav_of(client))
    assert audio.rate_hz == FakeTts.RATE_HZ
    said = " ".join(request.text for request in services.tts.said)
    assert said == "".join(
        step["data"]["text"] for step in steps if step["type"] == "synthesize-chunk"
    )
    assert audio.seconds > 0.05 * len(said) * 0.9
