"""Every WebSocket survives every message: an error or a close with a reason, and no
traceback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given, strategies as st
from pydantic import BaseModel

from chat_app.protocol import client as talk_messages
from compat_app.deepgram.flux import messages as flux
from compat_app.deepgram.listen import messages as listen
from compat_app.deepgram.speak import messages as speak
from compat_app.realtime.live import client as live
from compat_app.realtime.shared import (
    conversation_messages as converse,
    messages as realtime,
)
from stt_app.protocol import messages as stt
from tests.fake_services import fake_services
from tests.fuzz.profiles import examples
from tests.fuzz.sockets import INTERNAL_CLOSE, code_of, talk
from tests.fuzz.strategies import ANY_TEXT, cut, messages
from tests.stt.sounds import LoudnessVad, pcm
from voiceproject.asgi import build_application

AUDIO = pcm(-0.1, 0.3, -0.1)
ENDPOINTS: dict[str, Iterable[type[BaseModel]]] = {
    "/ws/stt": stt.CLIENT_MESSAGES,
    "/ws/voice": talk_messages.CLIENT_MESSAGES,
    "/v1/realtime": realtime.CLIENT_MESSAGES,
    "/v1/realtime?model=gpt-realtime": (
        *realtime.CLIENT_MESSAGES,
        *converse.CLIENT_MESSAGES,
    ),
    "/v1/live/sessions": live.CLIENT_MESSAGES,
    "/v1/listen?encoding=linear16&sample_rate=16000": listen.CLIENT_MESSAGES,
    "/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000": (
        flux.CLIENT_MESSAGES
    ),
    "/v1/speak": speak.CLIENT_MESSAGES,
    "/ws/monitor": (),
}


@pytest.mark.parametrize("path", ENDPOINTS)
def test_it_survives_every_message(path: str, caplog: Any) -> None:
    text = messages(ENDPOINTS[path])
    frame = st.one_of(text, text, st.binary(max_size=200), cut(AUDIO).map(b"".join))
    application = build_application(fake_services(vad=LoudnessVad()))

    @examples(60)
    @given(st.lists(frame, min_size=1, max_size=6))
    def survives(frames: list[str | bytes]) -> None:
        caplog.clear()
        answers, code = asyncio.run(talk(application, path, frames))
        assert code is None or code == 1000 or 4400 <= code < INTERNAL_CLOSE, answers
        assert all(code_of(answer) != "internal_error" for answer in answers)
        assert not [each for each in caplog.records if each.levelno >= logging.ERROR]

    survives()


QUERY_NAMES = st.sampled_from(
    [
        "encoding",
        "sample_rate",
        "channels",
        "language",
        "model",
        "resume",
        "keyterm",
        "audio_seconds",
        "eot_threshold",
        "eot_timeout_ms",
        "interim_results",
        "intent",
        "utterance_end_ms",
        "endpointing",
        "container",
        "purpose",
        "keywords",
        "speed",
    ]
)
QUERY_VALUES = st.one_of(
    ANY_TEXT.map(lambda text: text.encode("utf-8", "replace").decode()),
    st.sampled_from(["", "true", "0", "-1", "1e308", "nan", "9" * 400, "linear16", "1"])
    | st.sampled_from(["16000", "en", "auto", "opus", "webm", "mulaw", "%00", "%ff"]),
)


@pytest.mark.parametrize("path", sorted({path.partition("?")[0] for path in ENDPOINTS}))
def test_it_survives_every_query(path: str, caplog: Any) -> None:
    application = build_application(fake_services(vad=LoudnessVad()))

    @examples(30)
    @given(st.lists(st.tuples(QUERY_NAMES, QUERY_VALUES), max_size=4))
    def survives(pairs: list[tuple[str, str]]) -> None:
        caplog.clear()
        query = "&".join(f"{name}={quote(value, safe='%')}" for name, value in pairs)
        address = f"{path}?{query}"
        answers, code = asyncio.run(talk(application, address, [b"\0" * 640]))
        assert code is None or code == 1000 or 4400 <= code < INTERNAL_CLOSE, answers
        assert not [each for each in caplog.records if each.levelno >= logging.ERROR]

    survives()


@examples(25)
@given(pieces=cut(AUDIO))
def test_it_hears_the_same_samples_for_any_split(pieces: list[bytes]) -> None:
    def heard(frames: list[bytes]) -> Any:
        services = fake_services(vad=LoudnessVad(), speculative_pause_seconds=0)
        application = build_application(services)
        close = '{"type": "close"}'
        asyncio.run(talk(application, "/ws/stt", [*frames, close]))
        (request,) = services.stt.heard
        return request.samples

    assert np.array_equal(heard(pieces), heard([AUDIO]))
