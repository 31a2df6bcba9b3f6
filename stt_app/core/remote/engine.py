"""Speech to text at another server with an OpenAI-compatible audio API."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

import httpx
import structlog

from common.config import SttEngineSettings
from common.engine import EngineOptions, EngineStats, PartHealth
from common.metrics import REAL_TIME_FACTOR
from common.remote.address import join_path
from common.remote.answers import check_answer, read_json
from common.remote.catalog import Catalog, Offers
from common.remote.client import POOL_SECONDS
from common.remote.failures import Refused, Stalled
from common.remote.headers import VOICE_HEADER, urgency_headers
from common.remote.options import read_options
from common.remote.servers import Attempt, RemoteServers
from common.workers import Priority, Urgency
from stt_app.core.engine import Transcript, TranscriptionRequest, check_model
from stt_app.core.languages import AUTO
from stt_app.core.remote.answer import transcript_of
from stt_app.core.remote.form import File, file_for, form_for, path_for
from stt_app.core.remote.options import SETTING, RemoteSttOptions

log = structlog.get_logger(__name__)

_VERBOSE_PARAMETERS = ("response_format", "timestamp_granularities")


@dataclass(frozen=True, eq=False)
class _Call:
    """One utterance on its way."""

    request: TranscriptionRequest
    model: str
    file: File
    urgency: Urgency


class RemoteStt:
    """An SttEngine: sends whole utterances to the servers of `stt_engine_options`."""

    def __init__(self, config: SttEngineSettings, options: EngineOptions) -> None:
        """Raises EngineFailed for options that cannot be used."""
        self._options = read_options(RemoteSttOptions, SETTING, options)
        self._servers = RemoteServers(
            "Speech to text", SETTING, self._options, self._look
        )
        # The time of a whole request is limited, so that of its parts need not be.
        self._timeout = httpx.Timeout(
            None,
            connect=self._options.connect_timeout_seconds,
            pool=POOL_SECONDS,
        )
        self._verbose = True
        """Whether to ask for more than the text; some models give only that."""
        self._real_time_factor: float | None = None

    @property
    def model_name(self) -> str:
        return self._options.model

    async def start(self) -> None:
        """Connect. A server that is down does not prevent it. Raises EngineFailed for a
        `ca_file` that cannot be used."""
        await self._servers.start()

    async def stop(self) -> None:
        await self._servers.stop()

    def health(self) -> PartHealth:
        return self._servers.health()

    def stats(self) -> EngineStats:
        listed = self._options.models or self._servers.offers.models
        return EngineStats(
            queued=self._servers.waiting,
            offers=tuple(dict.fromkeys((self.model_name, *listed))),
            oldest_job_seconds=self._servers.oldest_seconds,
            real_time_factor=self._real_time_factor,
        )

    async def transcribe(
        self, request: TranscriptionRequest, urgency: Urgency
    ) -> Transcript:
        """See SttEngine. Raises what it names there; EngineFailed also when no server
        answers."""
        check_model(request.model, self.stats().offers)
        began = time.monotonic()
        found = await urgency.guard(self._transcribe(request, urgency))
        if request.seconds:
            self._real_time_factor = (time.monotonic() - began) / request.seconds
            REAL_TIME_FACTOR.labels("whisper").set(self._real_time_factor)
        return found

    async def _transcribe(
        self, request: TranscriptionRequest, urgency: Urgency
    ) -> Transcript:
        model = request.model or self.model_name
        call = _Call(request, model, file_for(request), urgency)
        return await self._servers.call(
            partial(self._ask_in_time, call), urgency, _named(request)
        )

    async def _ask_in_time(self, call: _Call, attempt: Attempt) -> Transcript:
        """Raises AskFailed and httpx.HTTPError."""
        seconds = self._options.timeout_seconds
        if call.urgency.priority is Priority.FILE:
            seconds = max(seconds, self._options.file_timeout_seconds)
        try:
            async with asyncio.timeout(seconds):
                return await self._ask(call, attempt)
        except TimeoutError:
            raise Stalled(f"gave no text within {seconds:g} s") from None

    async def _ask(self, call: _Call, attempt: Attempt) -> Transcript:
        verbose = self._verbose
        try:
            return await self._post(call, attempt, verbose=verbose)
        except Refused as refused:
            if not (verbose and _gives_only_text(refused)):
                raise
            log.info("the server gives only text", reason=refused.what)
            self._verbose = False
        return await self._post(call, attempt, verbose=False)

    async def _post(
        self, call: _Call, attempt: Attempt, *, verbose: bool
    ) -> Transcript:
        form = form_for(call.request, call.model, verbose=verbose)
        request = attempt.client.build_request(
            "POST",
            join_path(attempt.url, path_for(call.request)),
            data={**form, **self._options.extra},
            files={"file": call.file},
            headers=_headers(call),
            timeout=self._timeout,
        )
        # In one piece: each field of a form would be sent in packets of its own.
        request.read()
        async with aclosing(
            await attempt.client.send(request, stream=True)
        ) as response:
            await check_answer(response)
            answer = await read_json(response, self._options.max_response_kb)
        return transcript_of(answer, call.request, call.model)

    async def _look(self, client: httpx.AsyncClient, url: httpx.URL) -> Offers:
        catalog = Catalog(client, self._options.max_response_kb)
        return await catalog.models(url, "automatic-speech-recognition")


def _headers(call: _Call) -> dict[str, str]:
    """They keep a server of ours from cutting the utterance once more."""
    probability = call.request.voice_probability
    return {**urgency_headers(call.urgency), VOICE_HEADER: f"{probability:.3f}"}


def _named(request: TranscriptionRequest) -> tuple[str, ...]:
    """The parameters that come from the caller, and not from the configuration."""
    given = {
        "model": request.model,
        "language": request.language != AUTO,
        "prompt": request.prompt,
    }
    return tuple(name for name, value in given.items() if value)


def _gives_only_text(refused: Refused) -> bool:
    said = f"{refused.parameter} {refused.what}"
    return any(name in said for name in _VERBOSE_PARAMETERS)
