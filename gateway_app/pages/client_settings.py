"""Ready-made settings that connect other software to this server, for the API page.

`docs/clients.md` says which client was run how; what is written here was read in the
source of each one.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.config import Config

KEY_PLACEHOLDER = "YOUR_KEY"
ANY_KEY = "any"
"""Most clients insist on a key, and here none is checked."""


@dataclass(frozen=True)
class ServerAddress:
    """This server as its clients reach it."""

    listen_url: str
    """Of speech to text, such as `http://localhost:8000`."""
    speak_url: str
    """Of text to speech; the same, unless both run as services of their own."""
    needs_key: bool
    wyoming_port: int

    def fields(self) -> dict[str, str]:
        """The values of the templates below."""
        return {
            "listen": f"{self.listen_url}/v1",
            "speak": f"{self.speak_url}/v1",
            "listen_root": self.listen_url,
            "listen_socket": self.listen_url.replace("http", "ws", 1),
            "listen_address": urlsplit(self.listen_url).netloc,
            "speak_address": urlsplit(self.speak_url).netloc,
            "host": urlsplit(self.speak_url).hostname or "",
            "key": KEY_PLACEHOLDER if self.needs_key else ANY_KEY,
            "wyoming_port": str(self.wyoming_port),
        }


@dataclass(frozen=True)
class ClientSettings:
    """What to enter into one program."""

    name: str
    where: str | Promise
    """Where in that program it belongs."""
    text: str
    """To copy."""

    @property
    def anchor(self) -> str:
        return "".join(c if c.isalnum() else "-" for c in self.name.lower())


def client_settings(address: ServerAddress, config: Config) -> list[ClientSettings]:
    """Every client that can work with this server as it is configured."""
    fields = address.fields()
    return [
        ClientSettings(name, where, Template(text).substitute(fields))
        for needed, name, where, text in _CLIENTS
        if getattr(config, needed)
    ]


_CLIENTS = (
    # The setting that must be on, the name, where it belongs, and the text.
    (
        "openai_api",
        "OpenAI SDK for Python",
        _("A program. OPENAI_BASE_URL in the environment works too."),
        """\
from openai import OpenAI

client = OpenAI(base_url="$speak", api_key="$key")
with client.audio.speech.with_streaming_response.create(
    model="tts-1", voice="alloy", input="Hello world"
) as speech:
    speech.stream_to_file("hello.mp3")""",
    ),
    (
        "openai_api",
        "OpenAI SDK for JavaScript",
        _(
            "A Node.js program. In a browser, add the page's origin to cors_allowed_origins."
        ),
        """\
import { writeFile } from "node:fs/promises";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: "$speak", apiKey: "$key" });
const speech = await client.audio.speech.create({
  model: "tts-1", voice: "alloy", input: "Hello world",
});
await writeFile("hello.mp3", Buffer.from(await speech.arrayBuffer()));""",
    ),
    (
        "openai_api",
        "Open WebUI",
        _("Its environment, or Admin Panel, Settings, Audio."),
        """\
AUDIO_STT_ENGINE=openai
AUDIO_STT_OPENAI_API_BASE_URL=$listen
AUDIO_STT_OPENAI_API_KEY=$key
AUDIO_STT_MODEL=whisper-1
AUDIO_TTS_ENGINE=openai
AUDIO_TTS_OPENAI_API_BASE_URL=$speak
AUDIO_TTS_OPENAI_API_KEY=$key
AUDIO_TTS_MODEL=tts-1
AUDIO_TTS_VOICE=alloy""",
    ),
    (
        "wyoming_port",
        "Home Assistant",
        _(
            "Settings, Devices & services, Add integration, Wyoming Protocol. One entry serves both directions. Set wyoming_host to 0.0.0.0 when it runs on another machine."
        ),
        """\
Host: $host
Port: $wyoming_port""",
    ),
    (
        "openai_api",
        "SillyTavern",
        _("Extensions, TTS, provider OpenAI Compatible."),
        """\
Provider Endpoint: $speak/audio/speech
Model: tts-1
Available Voices: alloy,echo,fable,onyx,nova,shimmer
API Key: $key""",
    ),
    (
        "openai_api",
        "LibreChat",
        _(
            "librechat.yaml. It refuses private addresses that are not in allowedAddresses."
        ),
        """\
speech:
  stt:
    allowedAddresses: ["$listen_address"]
    openai:
      url: "$listen/audio/transcriptions"
      apiKey: "$key"
      model: "whisper-1"
  tts:
    allowedAddresses: ["$speak_address"]
    openai:
      url: "$speak/audio/speech"
      apiKey: "$key"
      model: "tts-1"
      voices: ["alloy", "echo", "fable", "onyx", "nova", "shimmer"]""",
    ),
    (
        "openai_api",
        "AnythingLLM",
        _("server/.env, or Settings, Voice & Speech."),
        """\
STT_PROVIDER="generic-openai"
STT_OPEN_AI_COMPATIBLE_ENDPOINT="$listen"
STT_OPEN_AI_COMPATIBLE_KEY="$key"
STT_OPEN_AI_COMPATIBLE_MODEL="whisper-1"
TTS_PROVIDER="generic-openai"
TTS_OPEN_AI_COMPATIBLE_ENDPOINT="$speak"
TTS_OPEN_AI_COMPATIBLE_KEY="$key"
TTS_OPEN_AI_COMPATIBLE_MODEL="tts-1"
TTS_OPEN_AI_COMPATIBLE_VOICE_MODEL="alloy\"""",
    ),
    (
        "openai_api",
        "LobeChat",
        _(
            "Its environment, or the settings of the provider OpenAI. LobeChat uses the address for chat too, which this server does not offer."
        ),
        """\
OPENAI_PROXY_URL=$speak
OPENAI_API_KEY=$key""",
    ),
    (
        "openai_api",
        "pipecat",
        _("A program with pipecat-ai[openai]."),
        """\
from pipecat.services.openai.stt import OpenAISTTService
from pipecat.services.openai.tts import OpenAITTSService

stt = OpenAISTTService(base_url="$listen", api_key="$key")
tts = OpenAITTSService(base_url="$speak", api_key="$key", sample_rate=24_000)""",
    ),
    (
        "openai_api",
        "LiveKit Agents",
        _("A program with livekit-agents[openai]."),
        """\
from livekit.plugins import openai

stt = openai.STT(base_url="$listen", api_key="$key")
tts = openai.TTS(base_url="$speak", api_key="$key", voice="alloy")""",
    ),
    (
        "openai_api",
        "n8n",
        _("The credential OpenAI."),
        """\
API Key: $key
Base URL: $speak""",
    ),
    (
        "deepgram_api",
        "Deepgram SDK for Python",
        _("A program with deepgram-sdk."),
        """\
from deepgram import DeepgramClient
from deepgram.environment import DeepgramClientEnvironment

here = DeepgramClientEnvironment(
    base="$listen_root", production="$listen_socket",
    agent="$listen_socket", agent_rest="$listen_root",
)
client = DeepgramClient(api_key="$key", environment=here)""",
    ),
)
