"""The sound card, through PortAudio."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from common.audio import SPEECH_RATE_HZ, Samples
from voiceproject.talk.playback import Playback
from voiceproject.talk.sound import FRAME_SECONDS, REPLY_RATE_HZ, WavRecording

_NOT_INSTALLED = (
    "The microphone needs the package `sounddevice`. Install it:\n"
    "    make install EXTRA=talk\n"
    "or, without make:\n"
    "    python -m pip install --require-hashes -r requirements/talk.txt\n"
    "Recordings need neither: --in question.wav --out reply.wav"
)
_NO_PORTAUDIO = (
    "`sounddevice` needs the library PortAudio, which is not installed. On Debian and "
    "Ubuntu:\n"
    "    sudo apt install libportaudio2\n"
    "on Fedora `portaudio`, on Alpine `portaudio`, on Arch `portaudio`; or use files: "
    "--in question.wav --out reply.wav"
)
_UNREAD_FRAMES = 500
"""10 s that the network did not take; older frames are dropped."""
_UNWRITTEN_BLOCKS = 2_000
"""Of what was played; older ones are missing from a recording that is too slow."""


Record: TypeAlias = Callable[[int], WavRecording | None]
"""Opens the recording of what is played at that rate, if one is wanted."""


class NoSound(Exception):
    """There is no sound card to use; the message says what to do."""


@dataclass(frozen=True)
class Choice:
    """The devices: a number, part of a name, or None for the usual one."""

    microphone: int | str | None = None
    loudspeaker: int | str | None = None


def sound_library(name: str = "sounddevice") -> Any:
    """The module `sounddevice`. Raises NoSound when it cannot be used."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise NoSound(_NOT_INSTALLED) from error
    # This is how it reports a missing PortAudio.
    except OSError as error:
        raise NoSound(_NO_PORTAUDIO) from error


class DeviceMicrophone:
    """Records from a device at 16 kHz, or at the rate that the device has."""

    def __init__(self, library: Any, device: int | str | None) -> None:
        self.rate_hz = _rate(library.check_input_settings, library, device, "input")
        self._loop = asyncio.get_running_loop()
        self._frames: deque[Samples] = deque(maxlen=_UNREAD_FRAMES)
        self._came = asyncio.Event()
        self._is_told = False
        """Whether the loop knows that frames have come."""
        self.stream = library.InputStream(
            samplerate=self.rate_hz,
            blocksize=round(FRAME_SECONDS * self.rate_hz),
            device=device,
            channels=1,
            dtype="float32",
            callback=self._record,
        )

    async def frames(self) -> AsyncGenerator[Samples, None]:
        # What was recorded before the conversation began is not part of it.
        self._frames.clear()
        while True:
            self._came.clear()
            self._is_told = False
            while self._frames:
                yield self._frames.popleft()
            await self._came.wait()

    def _record(self, data: Samples, *_: object) -> None:
        """Called by the device's thread."""
        self._frames.append(data[:, 0].copy())
        # Once is enough: a device that runs too fast must not fill the loop's queue.
        if not self._is_told:
            self._is_told = True
            with contextlib.suppress(RuntimeError):  # The loop has ended.
                self._loop.call_soon_threadsafe(self._came.set)


class DeviceLoudspeaker:
    """Plays on a device, and into a recording if there is one."""

    def __init__(self, library: Any, device: int | str | None, record: Record) -> None:
        rate_hz = _rate(
            library.check_output_settings, library, device, "output", REPLY_RATE_HZ
        )
        self.playback = Playback(rate_hz)
        self.lag_seconds = 0.0
        self._recording = record(rate_hz)
        self._taken: deque[Samples] = deque(maxlen=_UNWRITTEN_BLOCKS)
        self.stream = library.OutputStream(
            samplerate=rate_hz,
            device=device,
            channels=1,
            dtype="float32",
            latency="low",
            callback=self._play,
        )

    def advance(self) -> None:
        for _ in range(len(self._taken)):
            block = self._taken.popleft()
            if self._recording is not None:
                self._recording.write(block)

    def _play(self, out: Samples, count: int, clocks: Any, _: object) -> None:
        """Called by the device's thread."""
        self.lag_seconds = max(0.0, clocks.outputBufferDacTime - clocks.currentTime)
        block = self.playback.take(count, time.perf_counter() + self.lag_seconds)
        out[:, 0] = block
        if self._recording is not None:
            self._taken.append(block)


@contextlib.contextmanager
def devices(
    library: Any, choice: Choice, record: Record
) -> Iterator[tuple[DeviceMicrophone, DeviceLoudspeaker]]:
    """Both devices, running. Raises NoSound when there is none or it is in use."""
    with contextlib.ExitStack() as streams:
        try:
            microphone = DeviceMicrophone(library, choice.microphone)
            loudspeaker = DeviceLoudspeaker(library, choice.loudspeaker, record)
            streams.enter_context(microphone.stream)
            streams.enter_context(loudspeaker.stream)
        except (library.PortAudioError, ValueError) as error:
            raise NoSound(
                f"The sound card cannot be used: {error}\n"
                "`--devices` lists what there is; or use files: "
                "--in question.wav --out reply.wav"
            ) from error
        yield microphone, loudspeaker


def _rate(
    check: Any, library: Any, device: Any, kind: str, wanted: int = SPEECH_RATE_HZ
) -> int:
    """The wanted rate if the device takes it, else its own."""
    try:
        check(device=device, channels=1, dtype="float32", samplerate=wanted)
    except library.PortAudioError:
        return int(library.query_devices(device, kind)["default_samplerate"])
    return wanted
