"""A recording that is one utterance, in which the client has detected speech itself."""

from __future__ import annotations

import httpx
import numpy as np
import pytest

from common.audio import Audio, wav_bytes
from common.workers import Priority
from tests.compat.openai.recordings import error, send
from tests.fake_services import FakeServices
from tests.stt.sounds import silence, tone

HEADER = "X-Voice-Probability"
FAINT = np.concatenate([silence(0.5), tone(1.0) * 0.001, silence(1.0), tone(0.5)])


def file_of(seconds: float = 3.0) -> bytes:
    return wav_bytes(Audio(FAINT[: round(seconds * 16_000)], 16_000))


@pytest.mark.parametrize("seconds", [0.05, 0.5, 3.0])
async def test_all_of_it_is_transcribed_at_once(
    client: httpx.AsyncClient, services: FakeServices, seconds: float
) -> None:
    headers = {HEADER: "0.62", "X-Priority": Priority.FINAL.name.lower()}
    answer = await send(client, file=file_of(seconds), headers=headers)
    assert answer.json()["text"] == "Hello there."
    (request,) = services.stt.heard
    assert request.seconds == pytest.approx(seconds, abs=0.04)
    assert request.voice_probability == pytest.approx(0.62)


async def test_without_the_header_speech_is_looked_for(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    answer = await send(client, file=file_of())
    assert answer.json()["text"] == "Hello there."
    (request,) = services.stt.heard
    assert request.seconds < 2.0


async def test_even_an_improbable_voice_is_transcribed(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    await send(client, file=file_of(), headers={HEADER: "0"})
    (request,) = services.stt.heard
    assert request.seconds == pytest.approx(3.0, abs=0.04)


@pytest.mark.parametrize("value", ["yes", "-0.1", "1.01", "nan"])
async def test_it_names_a_bad_header(client: httpx.AsyncClient, value: str) -> None:
    answer = await send(client, file=file_of(), headers={HEADER: value})
    assert error(answer)["param"] == HEADER
