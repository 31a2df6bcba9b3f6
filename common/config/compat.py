"""Settings of the protocols of other software: OpenAI, Deepgram and Wyoming."""

from __future__ import annotations

import ipaddress
import re

from pydantic import field_validator

from common.config.setting import Section, setting

LARGEST_PORT = 65_535
_ICE_SERVER = re.compile(r"(stun|turns?):[^?:\s]+(:\d+)?(\?transport=(udp|tcp))?")


def port_range(text: str) -> range | None:
    """`40000-40100` as a range; None for an empty text. Raises ValueError."""
    if not text:
        return None
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal()):
        raise ValueError("use two numbers such as `40000-40100`, or nothing")
    ports = range(int(first), int(last) + 1)
    if not ports or not 0 < ports[0] <= ports[-1] <= LARGEST_PORT:
        raise ValueError(f"the ports must be between 1 and {LARGEST_PORT}, in order")
    return ports


class OpenaiApiSettings(Section):
    """The OpenAI audio API: `/v1/audio/...`, `/v1/models`, `/v1/realtime` and `/v1/live/sessions`."""

    openai_api: bool = setting(True, "Serve the OpenAI audio API below `/v1`.")
    realtime_api: bool = setting(True, "Serve the OpenAI Realtime API, `/v1/realtime`.")
    live_api: bool = setting(True, "Serve the OpenAI Live API, `/v1/live/sessions`.")
    realtime_session_seconds: float = setting(
        3_600.0,
        "Longest connection to `/v1/realtime` and `/v1/live/sessions` in seconds.",
        gt=60,
    )
    public_lists: bool | None = setting(
        None,
        "Whether the lists of models and voices below `/v1` need no API key, as Open WebUI expects. Empty means yes, except in production.",
    )
    strict_model_names: bool = setting(
        False, "Refuse unknown model names instead of using the configured model."
    )
    model_aliases: dict[str, str] = setting(
        {},
        "Further names for models (`name: model`); unknown names and those of OpenAI mean the configured model.",
    )
    voice_aliases: dict[str, str] = setting(
        {},
        "Further names for voices (`name: voice`), which take precedence over the built-in table of OpenAI's voices.",
    )


class WebrtcSettings(Section):
    """Calls by WebRTC, `POST /v1/realtime/calls`, if the optional library is installed."""

    webrtc_api: bool = setting(True, "Take calls by WebRTC.")
    webrtc_max_calls: int = setting(
        20,
        "Calls at the same time; more are refused with 503.",
        ge=1,
        le=1_000,
    )
    webrtc_call_seconds: float = setting(
        3_600.0,
        "Longest call in seconds. One that sends nothing ends after `chat_idle_seconds`.",
        ge=60,
        le=86_400,
    )
    webrtc_lost_seconds: float = setting(
        15.0,
        "A call ends when nothing has come from its caller for this time, as after a lost network. A browser that sends no audio still reports every 5 seconds.",
        ge=1,
        le=30,
    )
    webrtc_addresses: list[str] = setting(
        [],
        "IP addresses of this machine that calls use. Empty means all but the loopback addresses; name `127.0.0.1` to use that.",
    )
    webrtc_announced_addresses: list[str] = setting(
        [],
        "IP addresses that callers are told in place of those of this machine, for a server in a container or behind a router that forwards `webrtc_ports`.",
    )
    webrtc_ports: str = setting(
        "",
        "UDP ports of calls, such as `40000-40100`: one for each call and address. Empty means any free port.",
    )
    webrtc_ice_servers: list[str] = setting(
        [],
        "STUN and TURN servers, such as `stun:stun.example.org:3478`; one of each kind is used. Empty means none: nothing is sent to anybody but the caller.",
    )
    webrtc_ice_username: str = setting("", "User name at the TURN server.")
    webrtc_ice_password: str = setting("", "Password at the TURN server.", secret=True)

    @field_validator("webrtc_addresses", "webrtc_announced_addresses")
    @classmethod
    def _are_addresses(cls, values: list[str]) -> list[str]:
        for value in values:
            ipaddress.ip_address(value)
        return values

    @field_validator("webrtc_ports")
    @classmethod
    def _are_ports(cls, value: str) -> str:
        port_range(value)
        return value

    @field_validator("webrtc_ice_servers")
    @classmethod
    def _are_servers(cls, values: list[str]) -> list[str]:
        for value in values:
            if not _ICE_SERVER.fullmatch(value):
                raise ValueError(f"{value[:80]!r} is no `stun:` or `turn:` address")
        return values


class DeepgramApiSettings(Section):
    """The Deepgram API: `/v1/listen`, `/v1/speak` and `/v2/listen`."""

    deepgram_api: bool = setting(True, "Serve the Deepgram API.")
    deepgram_least_endpointing_ms: int = setting(
        300,
        "Shortest pause that ends an utterance, whatever `endpointing` says; shorter utterances are transcribed less accurately.",
        ge=100,
        le=10_000,
    )
    deepgram_allow_urls: bool = setting(
        False,
        "Whether `POST /v1/listen` may fetch a recording from a URL. Callers can then make the server read any address that it can reach.",
    )
    deepgram_speak_max_sessions: int = setting(
        200,
        "Connections to `WS /v1/speak` at the same time; more are refused with 4503.",
        ge=1,
    )


class WyomingSettings(Section):
    """The Wyoming protocol, for Home Assistant."""

    wyoming_port: int = setting(
        10_300, "TCP port of the Wyoming protocol; 0 turns it off.", ge=0, le=65_535
    )
    wyoming_tts_port: int = setting(
        10_200,
        "TCP port of the Wyoming protocol for text to speech when `serve --split` runs it in a separate process; 0 turns it off there.",
        ge=0,
        le=65_535,
    )
    wyoming_host: str = setting(
        "", "Address of the Wyoming port; empty means the server's address."
    )
    wyoming_without_key: bool = setting(
        False,
        "Serve Wyoming even though API keys are required elsewhere. The protocol has no keys: everyone who reaches its port may use it.",
    )
    wyoming_zeroconf: bool = setting(
        False,
        "Announce the Wyoming port on the local network, so that Home Assistant discovers it.",
    )
    wyoming_endpointing: bool = setting(
        True,
        "Whether the server decides when a voice command has ended. If not, the transcript comes when the client stops the audio.",
    )
    wyoming_no_speech_seconds: float = setting(
        15.0,
        "A voice command without speech ends after this time, with an empty transcript.",
        ge=1,
        le=600,
    )
    wyoming_max_command_seconds: float = setting(
        60.0, "Longest voice command; it ends here even if speech continues.", ge=5
    )
    wyoming_max_sessions: int = setting(
        50, "Connections to the Wyoming port at the same time; more are refused.", ge=1
    )
    wyoming_idle_seconds: float = setting(
        300.0,
        "A Wyoming connection that sends nothing for this many seconds is closed.",
        gt=0,
    )
    wyoming_max_event_kb: int = setting(
        1_024,
        "Largest data and largest payload of one Wyoming event; a larger one closes the connection.",
        ge=64,
        le=16_384,
    )
