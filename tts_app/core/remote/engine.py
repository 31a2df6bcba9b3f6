"""Text to speech at another server with an OpenAI-compatible audio API."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import Any

import httpx
import numpy as np

from common.audio import Samples
from common.config import TtsEngineSettings
from common.engine import EngineOptions, EngineStats, PartHealth
from common.errors import BadValue, EngineFailed, UnknownVoice
from common.metrics import REAL_TIME_FACTOR
from common.remote.address import join_path
from common.remote.answers import check_answer
from common.remote.catalog import Catalog, Offers
from common.remote.failures import Garbled
from common.remote.headers import urgency_headers
from common.remote.options import read_options
from common.remote.servers import Attempt, RemoteServers
from common.workers import Priority, Urgency
from tts_app.core.engine import SpeechPart, SynthesisRequest, VoiceInfo
from tts_app.core.remote.audio import PcmReader
from tts_app.core.remote.options import SETTING, RemoteTtsOptions
from tts_app.core.remote.slices import AWAITED, LATER, Slicer
from tts_app.core.remote.voice_list import voice_list

_MOST_NAMED = 50
_REMOTE_PARAMETERS = ("voice", "speed")
"""Those of a request that come from the caller, and not from the configuration."""


class RemoteTts:
    """A TtsEngine: has clauses spoken by the servers of `tts_engine_options`."""

    def __init__(self, config: TtsEngineSettings, options: EngineOptions) -> None:
        """Raises EngineFailed for options that cannot be used."""
        self._options = read_options(RemoteTtsOptions, SETTING, options)
        self._servers = RemoteServers(
            "Text to speech", SETTING, self._options, self._look
        )
        self._real_time_factor: float | None = None

    async def start(self) -> None:
        """Connect. A server that is down does not prevent it. Raises EngineFailed for a
        `ca_file` that cannot be used."""
        await self._servers.start()

    async def stop(self) -> None:
        await self._servers.stop()

    def health(self) -> PartHealth:
        return self._servers.health()

    def stats(self) -> EngineStats:
        return EngineStats(
            queued=self._servers.waiting,
            offers=tuple(voice.name for voice in self.voices()),
            oldest_job_seconds=self._servers.oldest_seconds,
            real_time_factor=self._real_time_factor,
        )

    def voices(self) -> list[VoiceInfo]:
        """The default voice first. None while no server has answered, unless they are
        configured."""
        servers = self._servers
        if not (self._options.voices or servers.has_answered):
            return []
        return voice_list(self._options, servers.offers.voices, servers.shown_url)

    async def synthesize(
        self, request: SynthesisRequest, urgency: Urgency
    ) -> AsyncIterator[SpeechPart]:
        """See TtsEngine: mono float32 in [-1, 1] at the rate of the voices.

        Raises UnknownVoice, BadValue for phonemes, EngineFailed, Overloaded or Expired.
        """
        body = self._body(request)
        is_later = urgency.priority is Priority.LATER_CLAUSE
        rate_hz = self._options.sample_rate
        slicer = Slicer(LATER if is_later else AWAITED, rate_hz)
        volume = np.float32(request.settings.volume)
        began, count = time.perf_counter(), 0
        ask = partial(self._ask, body, urgency)
        answer = self._servers.stream(ask, urgency, _REMOTE_PARAMETERS)
        async with aclosing(answer) as pieces:
            while (samples := await urgency.guard(_next(pieces))) is not None:
                count += len(samples)
                for part in slicer.push(samples * volume):
                    yield SpeechPart(part, rate_hz, is_last=False)
        self._measure(time.perf_counter() - began, count / rate_hz)
        yield SpeechPart(slicer.finish(), rate_hz)

    def _body(self, request: SynthesisRequest) -> dict[str, Any]:
        """Raises UnknownVoice, EngineFailed, and BadValue."""
        if "[[" in request.text:
            raise BadValue(
                "The text-to-speech engine `http` cannot speak phonemes.", field="input"
            )
        body: dict[str, Any] = {
            "model": self._options.model,
            "input": request.text,
            "voice": self._voice_there(request.settings.voice),
            "response_format": self._options.format,
        }
        if request.settings.speed != 1.0:
            body["speed"] = round(request.settings.speed, 3)
        return {**body, **self._options.extra}

    def _voice_there(self, name: str) -> str:
        """The server's name of the voice. Raises UnknownVoice, and EngineFailed while
        no voice is known."""
        known = [voice.name for voice in self.voices()]
        if not known:
            raise EngineFailed(self.health().summary)
        name = name or known[0]
        if name not in known:
            listed = ", ".join(known[:_MOST_NAMED])
            raise UnknownVoice(
                f"There is no voice `{name}`. Known: {listed}.", field="voice"
            )
        return self._options.names_there.get(name, name)

    async def _ask(
        self, body: dict[str, Any], urgency: Urgency, attempt: Attempt
    ) -> AsyncGenerator[Samples, None]:
        """The audio as it comes. Raises AskFailed and httpx.HTTPError."""
        options = self._options
        stream = attempt.client.stream(
            "POST",
            join_path(attempt.url, "/audio/speech"),
            json=body,
            headers=urgency_headers(urgency),
        )
        most, count = int(options.max_audio_seconds * options.sample_rate), 0
        async with stream as response:
            await check_answer(response)
            content_type = response.headers.get("content-type", "").lower()
            reader = PcmReader(content_type, options.sample_rate, options.sample_rate)
            async for data in response.aiter_raw():
                if len(samples := reader.push(data)):
                    yield samples
                count += len(samples)
                if count > most:
                    raise Garbled("sent more audio than `max_audio_seconds`")
        if len(samples := reader.finish()):
            yield samples
        if not count + len(samples):
            raise Garbled("sent no audio")

    def _measure(self, taken_seconds: float, seconds: float) -> None:
        self._real_time_factor = taken_seconds / seconds
        REAL_TIME_FACTOR.labels("piper").set(self._real_time_factor)

    async def _look(self, client: httpx.AsyncClient, url: httpx.URL) -> Offers:
        catalog = Catalog(client, self._options.max_response_kb)
        if self._options.voices:
            return await catalog.models(url, "text-to-speech")
        return await catalog.voices(url)


async def _next(pieces: AsyncGenerator[Samples, None]) -> Samples | None:
    return await anext(pieces, None)
