"""Latencies, errors and requests of the recent past, within fixed bounds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from common.errors import VoiceError
from common.metrics import ERRORS
from common.text_cleaning import clean_text
from gateway_app.access.quotas import holder_of
from gateway_app.history.records import Record, TranscriptRecord
from gateway_app.monitor.messages import Latency, RecentRequest
from gateway_app.retention.people import Person

WINDOW_SECONDS = 15 * 60
MAX_SAMPLES = 2_000
MAX_REQUESTS = 20
MAX_TEXT = 200
STAGES = ("final", "first_audio")
ERROR_WINDOW_SECONDS = 3_600
ERROR_STEP_SECONDS = 10


class RecentPast:
    """The part of a snapshot about completed requests."""

    def __init__(
        self, *, show_texts: bool, clock: Callable[[], float] = time.time
    ) -> None:
        self._show_texts = show_texts
        self._clock = clock
        self._samples: dict[str, deque[tuple[float, float]]] = {
            stage: deque(maxlen=MAX_SAMPLES) for stage in STAGES
        }
        self._owners: deque[str] = deque(maxlen=MAX_REQUESTS)
        self._callers: deque[tuple[str, str]] = deque(maxlen=MAX_REQUESTS)
        """The principal and the address of each request."""
        self._requests: deque[RecentRequest] = deque(maxlen=MAX_REQUESTS)
        self._spoken: deque[tuple[int, str]] = deque(maxlen=MAX_REQUESTS)
        """What was spoken, as a hash, and in which format."""
        self._errors: deque[tuple[float, float]] = deque()

    def record(self, record: Record) -> None:
        """A request has ended."""
        now = self._clock()
        again = self._is_again(record)
        for stage in STAGES:
            if stage in record.stages_ms and not again:
                self._samples[stage].append((now, record.stages_ms[stage]))
        heard = isinstance(record, TranscriptRecord)
        text = record.text if isinstance(record, TranscriptRecord) else _spoken(record)
        self._callers.appendleft((record.principal, record.client))
        self._owners.appendleft(holder_of(record.principal, record.client))
        self._requests.appendleft(
            RecentRequest(
                kind="transcript" if heard else "synthesis",
                time=now,
                text=clean_text(text[:MAX_TEXT]) if self._show_texts else "",
                status=record.status,
                stages_ms=record.stages_ms,
                request_id=record.request_id,
            )
        )

    def _is_again(self, record: Record) -> bool:
        """Whether the same speech was sent before in another format: a download. Its
        latency says nothing, because the audio was there."""
        if isinstance(record, TranscriptRecord):
            return False
        speech = hash((record.principal, record.voice, record.text_out))
        formats = {kind for known, kind in self._spoken if known == speech}
        self._spoken.append((speech, record.audio_format))
        return bool(formats - {record.audio_format})

    def requests(self) -> list[RecentRequest]:
        """The latest requests, newest first."""
        return list(self._requests)

    def owners(self) -> list[str]:
        """Whose each of these requests is."""
        return list(self._owners)

    def forget(self, person: Person) -> None:
        """Drop the requests of this person."""
        theirs = [person.owns(*caller) for caller in self._callers]
        kinds: tuple[deque[Any], ...] = (self._callers, self._owners, self._requests)
        for kept in kinds:
            left = [each for each, gone in zip(kept, theirs, strict=True) if not gone]
            kept.clear()
            kept.extend(left)

    def latency_ms(self) -> dict[str, Latency]:
        """Percentiles by stage over the last 15 minutes; a stage without any is absent."""
        oldest = self._clock() - WINDOW_SECONDS
        latencies = {}
        for stage, samples in self._samples.items():
            while samples and samples[0][0] < oldest:
                samples.popleft()
            if samples:
                latencies[stage] = _latency([value for _, value in samples])
        return latencies

    def errors_last_hour(self) -> int:
        """Errors caused by the server; compares with the previous call, so call it
        regularly."""
        now, total = self._clock(), _errors_so_far()
        if not self._errors or now - self._errors[-1][0] >= ERROR_STEP_SECONDS:
            self._errors.append((now, total))
        while self._errors[0][0] < now - ERROR_WINDOW_SECONDS:
            self._errors.popleft()
        return int(total - self._errors[0][1])


def _spoken(record: Any) -> str:
    return str(record.text_out or record.text_in)


def _latency(values: list[float]) -> Latency:
    values.sort()
    return Latency(
        p50=round(percentile(values, 0.50), 1),
        p95=round(percentile(values, 0.95), 1),
        count=len(values),
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the ascending values lie."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _errors_so_far() -> float:
    mistakes = set(_codes_of_clients_mistakes(VoiceError))
    return sum(
        sample.value
        for family in ERRORS.collect()
        for sample in family.samples
        if sample.name.endswith("_total") and sample.labels["code"] not in mistakes
    )


def _codes_of_clients_mistakes(error: type[VoiceError]) -> Iterator[str]:
    """A wrong key or value is the client's error; 429 and 5xx are the server's."""
    if 400 <= error.http_status < 429:
        yield error.code
    for kind in error.__subclasses__():
        yield from _codes_of_clients_mistakes(kind)
