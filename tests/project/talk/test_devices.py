"""Microphone and loudspeaker, with a sound library that records what it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from common.audio import Samples
from voiceproject.talk.devices import Choice, NoSound, devices, sound_library
from voiceproject.talk.playback import BUFFER_SECONDS
from voiceproject.talk.sound import WavRecording


class SoundTrouble(Exception):
    """What the library raises."""


@dataclass
class Stream:
    """A stream that is open or not."""

    samplerate: int
    callback: Callable[..., None]
    device: Any
    blocksize: int = 0
    is_open: bool = False

    def __enter__(self) -> Stream:
        self.is_open = True
        return self

    def __exit__(self, *_: object) -> None:
        self.is_open = False


@dataclass
class SoundLibrary:
    """As `sounddevice`, with one card."""

    rates: tuple[int, ...] = (16_000, 22_050, 48_000)
    is_broken: bool = False
    streams: list[Stream] = field(default_factory=list)
    PortAudioError = SoundTrouble

    def open_streams(self) -> int:
        return sum(stream.is_open for stream in self.streams)

    def check_input_settings(self, *, samplerate: int, **_: Any) -> None:
        if samplerate not in self.rates:
            raise SoundTrouble("Invalid sample rate")

    check_output_settings = check_input_settings

    def query_devices(self, device: Any, kind: str) -> dict[str, float]:
        return {"default_samplerate": float(self.rates[-1])}

    def InputStream(
        self,
        *,
        samplerate: int,
        callback: Any,
        device: Any,
        blocksize: int = 0,
        **_: Any,
    ) -> Stream:
        if self.is_broken:
            raise SoundTrouble("Error querying device -1")
        self.streams.append(Stream(samplerate, callback, device, blocksize))
        return self.streams[-1]

    OutputStream = InputStream


def no_recording(_: int) -> WavRecording | None:
    return None


def play(stream: Stream, count: int) -> Samples:
    """As the device's thread does; its latency is 50 ms."""
    out = np.ones((count, 1), np.float32)
    clocks = SimpleNamespace(outputBufferDacTime=7.05, currentTime=7.0)
    stream.callback(out, count, clocks, None)
    return out[:, 0]


async def test_it_plays_on_the_chosen_device_and_says_how_late_that_is() -> None:
    library = SoundLibrary()
    with devices(library, Choice(1, "Headphones"), no_recording) as (_, loudspeaker):
        source, sink = library.streams
        assert (source.device, sink.device) == (1, "Headphones")
        assert library.open_streams() == 2
        loudspeaker.playback.add(1, np.full(10, 0.5, np.float32))
        wait = round(BUFFER_SECONDS * 22_050)
        assert list(play(sink, wait + 15)[wait:]) == [0.5] * 10 + [0.0] * 5
        assert loudspeaker.lag_seconds == pytest.approx(0.05)
    assert library.open_streams() == 0


async def test_it_hears_frames_of_20_ms_from_the_beginning_of_the_conversation() -> (
    None
):
    library = SoundLibrary()
    with devices(library, Choice(), no_recording) as (microphone, _):
        source = library.streams[0]
        assert (microphone.rate_hz, source.blocksize) == (16_000, 320)
        source.callback(np.full((320, 1), 0.75, np.float32), 320, None, None)
        frame = asyncio.ensure_future(anext(microphone.frames()))
        await asyncio.sleep(0)
        source.callback(np.full((320, 1), 0.25, np.float32), 320, None, None)
        assert list(await frame) == [0.25] * 320


async def test_it_takes_the_rate_of_a_device_that_has_only_one() -> None:
    library = SoundLibrary(rates=(48_000,))
    with devices(library, Choice(), no_recording) as (microphone, loudspeaker):
        assert microphone.rate_hz == 48_000
        assert loudspeaker.playback.rate_hz == 48_000


async def test_it_says_what_to_do_without_a_sound_card() -> None:
    with (
        pytest.raises(NoSound, match=r"Error querying.*\n`--devices`.*--in question"),
        devices(SoundLibrary(is_broken=True), Choice(), no_recording),
    ):
        pass


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (
            "no_such_module",
            "    make install EXTRA=talk\nor, without make:\n    python -m",
        ),
        ("tests.project.talk.no_portaudio", "sudo apt install libportaudio2"),
    ],
)
def test_it_says_what_to_install(module: str, said: str) -> None:
    with pytest.raises(
        NoSound, match=r"--in question\.wav --out reply\.wav"
    ) as missing:
        sound_library(module)
    assert said in str(missing.value)
