"""What a call plays of the events of its conversation."""

from __future__ import annotations

import numpy as np

from chat_app.core import outputs as out
from compat_app.realtime.calls.conversation import CallConversation
from compat_app.realtime.calls.playback import RATE_HZ


def audio_of(response: str, seconds: float = 0.5) -> out.ReplyAudio:
    samples = np.full(round(seconds * RATE_HZ), 0.5, np.float32)
    return out.ReplyAudio(response, f"item of {response}", 1, 0, 0, samples, RATE_HZ)


def ended(response: str, *, out_of_band: bool) -> out.ResponseEnded:
    return out.ResponseEnded(
        response, f"item of {response}", None, "failed", out_of_band=out_of_band
    )


def test_a_failure_beside_a_paused_reply_does_not_resume_it() -> None:
    call = CallConversation()
    for event in (
        audio_of("answer"),
        audio_of("beside"),
        out.OutputPaused("answer"),
        ended("beside", out_of_band=True),
    ):
        call.carrier.take(event)
    assert call.playback.next_frame() is None
    call.carrier.take(out.OutputResumed("answer"))
    assert call.playback.next_frame() is not None


def test_the_end_of_a_paused_reply_ends_the_pause() -> None:
    call = CallConversation()
    call.carrier.take(audio_of("answer"))
    call.carrier.take(out.OutputPaused("answer"))
    call.carrier.take(ended("answer", out_of_band=False))
    call.carrier.take(audio_of("next"))
    assert call.playback.next_frame() is not None
