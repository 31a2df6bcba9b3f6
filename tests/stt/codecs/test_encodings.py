"""`/ws/stt` in every encoding, through the real application."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from common.audio import float_to_pcm16
from stt_app.core.codecs.decoders import ENCODINGS, Encoding
from tests.fake_services import FakeServices
from tests.fakes import FakeStt
from tests.stt.codecs.test_decoders import encoded
from tests.stt.recordings import recorded
from tests.stt.sockets import connected, until_closed
from tests.stt.sounds import LoudnessVad, sound


@pytest.fixture
def services(make_services: Callable[..., FakeServices]) -> FakeServices:
    return make_services(
        stt=FakeStt(["hello"]), vad=LoudnessVad(), speculative_pause_seconds=0
    )


def message(encoding: Encoding) -> bytes:
    """0.6 s of speech in a pause."""
    if encoding in ("opus", "webm"):
        container = "ogg" if encoding == "opus" else "webm"
        return recorded(sound(-0.5, 0.6, -0.5, rate_hz=48_000), container)
    if encoding == "mp4":
        return recorded(sound(-0.5, 0.6, -0.5, rate_hz=48_000), "mp4", "aac")
    return encoded(sound(-0.5, 0.6, -0.5), encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("frame_bytes", [1, 999, 60_000])
async def test_it_hears_every_encoding(
    services: FakeServices, encoding: Encoding, frame_bytes: int
) -> None:
    audio = message(encoding)
    # One byte at a time is slow, so only the first ones come so.
    lengths = [1] * 300 if frame_bytes == 1 else []
    async with connected(services, f"?encoding={encoding}") as socket:
        while audio:
            length = lengths.pop() if lengths else max(frame_bytes, 999)
            await socket.send_to(bytes_data=audio[:length])
            audio = audio[length:]
        await socket.send_json_to({"type": "close"})
        messages, code = await until_closed(socket)
    assert (code, messages[0]["text"]) == (1000, "hello")
    assert messages[0]["start"] == pytest.approx(0.2, abs=0.1)
    assert messages[-1]["audio_seconds"] == pytest.approx(1.6, abs=0.03)
    heard = np.concatenate([each.samples for each in services.stt.heard])
    assert np.abs(heard).max() == pytest.approx(0.3, abs=0.03)


async def test_it_changes_the_encoding_between_two_frames(
    services: FakeServices,
) -> None:
    async with connected(services) as socket:
        await socket.send_to(bytes_data=encoded(sound(-0.5, 0.3), "pcm_s16le"))
        await socket.send_json_to({"type": "configure", "encoding": "mulaw"})
        await socket.send_to(bytes_data=encoded(sound(0.3, -0.5), "mulaw"))
        await socket.send_json_to({"type": "close"})
        messages, _ = await until_closed(socket)
    assert messages[0]["duration"] == pytest.approx(1.2, abs=0.1)
    assert messages[-1]["audio_seconds"] == pytest.approx(1.6, abs=0.01)


async def test_it_keeps_what_was_said_when_the_stream_breaks(
    services: FakeServices,
) -> None:
    async with connected(services, "?encoding=webm") as socket:
        await socket.send_to(bytes_data=message("webm"))
        await socket.send_to(bytes_data=b"\x00" * 5_000)
        messages, code = await until_closed(socket)
    assert code == 4415
    assert messages[-1]["code"] == "unsupported_audio"
    assert len(services.stt.heard) == 1


async def test_a_container_without_its_encoding_is_refused_by_name(
    services: FakeServices,
) -> None:
    async with connected(services) as socket:
        await socket.send_to(bytes_data=message("webm"))
        messages, code = await until_closed(socket)
    assert (code, messages[-1]["code"]) == (4415, "unsupported_audio")
    assert "`encoding=webm`" in messages[-1]["message"]


async def test_it_hears_channels_that_cancel_each_other(services: FakeServices) -> None:
    voice = sound(-0.5, 0.6, -0.5)
    audio = float_to_pcm16(np.stack([voice, -voice], axis=1).reshape(-1))
    async with connected(services, "?channels=2") as socket:
        await socket.send_to(bytes_data=audio[:50_001])
        await socket.send_to(bytes_data=audio[50_001:])
        await socket.send_json_to({"type": "close"})
        messages, _ = await until_closed(socket)
    assert messages[0]["text"] == "hello"
    assert messages[-1]["audio_seconds"] == pytest.approx(1.6, abs=0.01)


async def test_it_names_the_encodings_that_it_knows(services: FakeServices) -> None:
    async with connected(services) as socket:
        await socket.send_json_to({"type": "configure", "encoding": "mp3"})
        answer = await socket.receive_json_from()
    assert (answer["code"], answer["field"]) == ("bad_value", "encoding")
    assert "'alaw'" in answer["message"]
