"""pipecat and LiveKit get what they wait for.

Neither library runs here: `tests/data/clients` holds the messages that they send, as
they were recorded, and the classes below do with the answers what the libraries do.
Versions and files are in each test's docstring.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.compat.realtime.conftest import Listening
from tests.compat.realtime.sockets import TRANSCRIPTION, Client, opened

FOLDER = Path(__file__).parents[2] / "data" / "clients"
PIPECAT = json.loads((FOLDER / "pipecat_realtime.json").read_text())
LIVEKIT = json.loads((FOLDER / "livekit_realtime.json").read_text())
KEY = "a-long-key"
SERVER_TURNS = [name for name in PIPECAT["session_updates"] if "default:" not in name]


@dataclass
class Pipecat:
    """`OpenAIRealtimeSTTService`: configures on `session.created`, raises on `error`."""

    client: Client
    update: dict[str, Any]
    ready: bool = False
    interim: list[str] = field(default_factory=list)
    final: list[str] = field(default_factory=list)
    speaking: list[bool] = field(default_factory=list)

    async def start(self) -> None:
        while not self.ready:
            await self.read()

    async def read(self) -> None:
        event = await self.client.next()
        kind = event["type"]
        if kind == "session.created":
            await self.client.socket.send_json_to(self.update)
        elif kind == "session.updated":
            self.ready = True
        elif kind == f"{TRANSCRIPTION}.delta" and event.get("delta"):
            self.interim.append(event["delta"])
        elif kind == f"{TRANSCRIPTION}.completed" and event.get("transcript"):
            self.final.append(event["transcript"])
        elif kind == "input_audio_buffer.speech_started":
            self.speaking.append(True)
        elif kind == "input_audio_buffer.speech_stopped":
            self.speaking.append(False)
        elif kind in ("error", f"{TRANSCRIPTION}.failed"):
            raise AssertionError(f"it reconnects: {event}")

    async def read_until_final(self, count: int) -> None:
        while len(self.final) < count:
            await self.read()


@dataclass
class LiveKit:
    """`SpeechStream`: configures at once, and gives up for good on `error`."""

    client: Client
    events: list[tuple[str, str, str]] = field(default_factory=list)
    """Kind, item, text."""
    durations: list[float] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    _text: str = ""
    _timing: dict[str, dict[str, int]] = field(default_factory=dict)

    async def read(self) -> None:
        event = await self.client.next()
        kind, item_id = event["type"], event.get("item_id", "")
        if kind == "input_audio_buffer.speech_started":
            self._timing[item_id] = {"start_ms": event["audio_start_ms"]}
            self.events.append(("start", item_id, ""))
        elif kind == "input_audio_buffer.speech_stopped":
            self._timing[item_id]["end_ms"] = event["audio_end_ms"]
            self.events.append(("end", item_id, ""))
        elif kind == f"{TRANSCRIPTION}.delta":
            self._text += event["delta"]
            self.events.append(("interim", item_id, self._text))
        elif kind == f"{TRANSCRIPTION}.completed":
            self._complete(event, item_id)
        elif kind == "error":
            raise AssertionError(f"it gives up: {event}")

    def _complete(self, event: dict[str, Any], item_id: str) -> None:
        self._text = ""
        self.events.append(("final", item_id, event["transcript"]))
        self.languages += [each["code"] for each in event.get("languages") or []]
        timing = self._timing.pop(item_id, {})
        seconds = (timing.get("end_ms", 0) - timing.get("start_ms", 0)) / 1000
        self.durations.append(seconds)
        assert event["usage"].get("input_tokens", 0) == 0

    async def read_until_final(self, count: int) -> None:
        while [kind for kind, *_ in self.events].count("final") < count:
            await self.read()


async def test_pipecat_commits_after_its_own_voice_activity_detection(
    listening: Listening,
) -> None:
    """pipecat-ai 1.14.0, services/openai/stt.py: `_receive_messages`, `process_frame`."""
    services = listening(["one", "two"], api_keys=[KEY])
    update = PIPECAT["session_updates"]["the default: its own voice activity detection"]
    async with opened(services, PIPECAT["query"], key=KEY) as client:
        pipecat = Pipecat(client, update)
        await pipecat.start()
        for count in (1, 2):
            # All audio is sent; the commit follows 0.2 s after the end of speech.
            await client.say(-1, 0.6, -0.2)
            await client.socket.send_json_to(PIPECAT["commit"])
            await pipecat.read_until_final(count)
    assert pipecat.final == ["one", "two"]
    assert "".join(pipecat.interim) == "onetwo"
    assert pipecat.speaking == []


@pytest.mark.parametrize("name", SERVER_TURNS)
async def test_pipecat_leaves_the_turns_to_the_server(
    listening: Listening, name: str
) -> None:
    """pipecat-ai 1.14.0, services/openai/stt.py: `turn_detection` None or a dict."""
    services = listening(["one", "two"], api_keys=[KEY])
    async with opened(services, PIPECAT["query"], key=KEY) as client:
        pipecat = Pipecat(client, PIPECAT["session_updates"][name])
        await pipecat.start()
        await client.say(-0.5, 0.6, -1, 0.6, -1)
        await pipecat.read_until_final(2)
    assert pipecat.final == ["one", "two"]
    assert pipecat.speaking == [True, False, True, False]


async def test_livekit_leaves_the_turns_to_the_server(listening: Listening) -> None:
    """livekit-plugins-openai 1.8.9, stt.py: `SpeechStream._run`, with a model that has
    turn detection. It sends the update without waiting for `session.created`."""
    services = listening(["one", "two"], api_keys=[KEY])
    model = "gpt-4o-mini-transcribe"
    async with opened(services, LIVEKIT["queries"][model], key=KEY) as client:
        livekit = LiveKit(client)
        await client.socket.send_json_to(LIVEKIT["session_updates"][model])
        await client.say(-1, 0.6, -1, 0.6, -1)
        await livekit.read_until_final(2)
    kinds = [kind for kind, *_ in livekit.events]
    assert kinds == [*("start", "end", "interim", "final") * 2]
    items = list(dict.fromkeys(item for _, item, _ in livekit.events))
    assert len(items) == 2
    assert [text for kind, _, text in livekit.events if kind == "interim"] == [
        "one",
        "two",
    ]
    # 600 ms of prefix, 600 ms of speech, and half of the silence of 350 ms.
    assert livekit.durations == pytest.approx([1.375, 1.375], abs=0.05)
    assert livekit.languages == ["en", "en"]
    assert services.stt.heard[-1].language == "en"


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-realtime-whisper"])
async def test_livekit_commits_for_models_without_turn_detection(
    listening: Listening, model: str
) -> None:
    """livekit-plugins-openai 1.8.9, stt.py: `_REALTIME_ONLY_MODELS`. The update leaves
    `turn_detection` out, and its own voice activity detection commits."""
    services = listening(["one", "two"], api_keys=[KEY])
    async with opened(services, LIVEKIT["queries"][model], key=KEY) as client:
        livekit = LiveKit(client)
        await client.socket.send_json_to(LIVEKIT["session_updates"][model])
        for count in (1, 2):
            await client.say(-1, 0.6, -0.6)
            await client.socket.send_json_to(LIVEKIT["commit"])
            await livekit.read_until_final(count)
    assert [kind for kind, *_ in livekit.events] == [*("interim", "final") * 2]
    assert [text for kind, _, text in livekit.events if kind == "final"] == [
        "one",
        "two",
    ]


async def test_livekit_changes_its_options_during_a_stream(
    listening: Listening,
) -> None:
    """livekit-plugins-openai 1.8.9, stt.py: `SpeechStream.update_options`."""
    services = listening(api_keys=[KEY])
    model = "gpt-live-transcribe"
    update = LIVEKIT["session_updates"][model]
    async with opened(services, LIVEKIT["queries"][model], key=KEY) as client:
        livekit = LiveKit(client)
        await client.socket.send_json_to(update)
        await client.say(0.5)
        transcription = update["session"]["audio"]["input"]["transcription"]
        changed = {**transcription, "keywords": ["Elinor"], "languages": ["de"]}
        given = {**update["session"]["audio"]["input"], "transcription": changed}
        session = {"type": "transcription", "audio": {"input": given}}
        await client.send("session.update", session=session)
        await client.socket.send_json_to(LIVEKIT["commit"])
        await livekit.read_until_final(1)
    heard = services.stt.heard[-1]
    assert (heard.hotwords, heard.language) == ("Elinor", "de")
    assert heard.prompt == "A call about boats."
