"""A spoken reply in a room, heard by the real voice activity detector."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.labels import trimmed
from chat_app.core import actions as do
from common.audio import SPEECH_RATE_HZ, Audio
from common.config import load_config
from common.models.files import find_voices
from stt_app.core.endpointing.vad import SileroVad
from tests.chat.echo.room import Heard, Room
from tests.chat.talker import Echo
from tts_app.core.engine import SynthesisRequest
from tts_app.core.piper.worker import PiperJob, PiperOptions, PiperWorker

pytestmark = pytest.mark.model

REPLY = (
    "Once upon a time there was an old lighthouse on a small island.",
    "The keeper lived there with his dog, and lit the lamp every night.",
)
INTERRUPTION = "Excuse me, what was the name of the dog?"
SPEAKS_AT = 2.5
QUIET_ECHO = Echo(10 ** (-25 / 20), 0.08)

Say = Callable[..., Audio]


@pytest.fixture(scope="module")
def say() -> Say:
    """What the voice says."""
    voice = find_voices(load_config({}).config)[0]
    onnx, config = str(voice.onnx), str(voice.config)
    options = PiperOptions(onnx=onnx, config=config, threads=1, max_voices=1)
    worker = PiperWorker(options)

    def spoken(*texts: str) -> Audio:
        parts = [
            part
            for text in texts
            for part in worker.handle(
                PiperJob(request=SynthesisRequest(text), onnx=onnx, config=config)
            )
        ]
        return Audio(np.concatenate([each.samples for each in parts]), parts[0].rate_hz)

    return spoken


@pytest.fixture(scope="module")
def reply(say: Say) -> Audio:
    return say(*REPLY)


@pytest.fixture(scope="module")
def vad() -> SileroVad:
    vad = SileroVad()
    vad.start()
    return vad


def nonsense(_heard: object) -> str:
    """As a small Whisper model writes an echo."""
    return "once the pun"


@pytest.mark.parametrize(("db", "delay_seconds"), [(-25, 0.08), (-12, 0.25)])
def test_the_echo_of_a_whole_reply_neither_pauses_it_nor_becomes_a_turn(
    vad: SileroVad, reply: Audio, db: float, delay_seconds: float
) -> None:
    echo = Echo(10 ** (db / 20), delay_seconds)
    room = Room(vad, reply, echo, text_of=nonsense)
    room.play(until=reply.seconds + 2)
    assert room.checks > 10, "it is heard as a voice"
    kinds = {type(action) for _, action in room.log}
    assert kinds == {do.TellCandidate, do.RestartUtterance}


@pytest.mark.parametrize("echo", [None, QUIET_ECHO], ids=["headphones", "echo"])
def test_who_speaks_into_a_reply_pauses_it_within_300_ms(
    vad: SileroVad, reply: Audio, say: Say, echo: Echo | None
) -> None:
    user = Audio(
        trimmed(say(INTERRUPTION).resampled(SPEECH_RATE_HZ).samples), SPEECH_RATE_HZ
    )
    room = Room(vad, reply, echo, text_of=lambda _: INTERRUPTION)
    room.play(Heard(SPEAKS_AT, user), until=SPEAKS_AT + user.seconds + 1)
    (paused,) = room.at(do.PauseOutput)
    assert SPEAKS_AT + 0.15 < paused < SPEAKS_AT + 0.3
    assert room.at(do.ResumeOutput) == []
    assert room.is_cancelled
