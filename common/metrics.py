"""Every metric of the server, declared once with its help text.

`GET /metrics` renders this registry; `docs/metrics.md` is generated from it.
Times are seconds. Nobody asks whether metrics are on: counting costs nothing.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60)
_LOOP_DELAYS = (0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 5)

HTTP_REQUESTS = Counter(
    "voice_http_requests",
    "HTTP requests answered, by route, status and kind of principal "
    "(`anonymous`, `key`, `user`).",
    ["method", "route", "status", "principal"],
    registry=REGISTRY,
)
HTTP_SECONDS = Histogram(
    "voice_http_request_seconds",
    "Time from a request's arrival to the end of its answer, by route.",
    ["route"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
STAGE_SECONDS = Histogram(
    "voice_stage_seconds",
    "Time of one stage: `transcribe`, `final` (end of speech to transcript sent), "
    "`llm_first_token`, `synthesize`, `first_audio` (request to first audio byte), `tts_total`.",
    ["stage"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
SESSIONS = Gauge(
    "voice_active_sessions",
    "Open sessions, by kind (`stt`, `tts`, `monitor`).",
    ["kind"],
    registry=REGISTRY,
)
QUEUED = Gauge(
    "voice_queue_depth",
    "Jobs that wait, by queue (`whisper`, `piper`, `tts`).",
    ["queue"],
    registry=REGISTRY,
)
REAL_TIME_FACTOR = Gauge(
    "voice_real_time_factor",
    "Work time over audio time of the latest job, by engine; under 1 keeps up.",
    ["engine"],
    registry=REGISTRY,
)
LLM_FALLBACKS = Counter(
    "voice_llm_fallbacks",
    "Answers that were asked of the next language model, by the one that could not.",
    ["backend"],
    registry=REGISTRY,
)
WHISPER_WINDOWS = Counter(
    "voice_whisper_windows",
    "Utterances decoded by Whisper, by the window that was tried first (`short`, `full`).",
    ["window"],
    registry=REGISTRY,
)
WHISPER_REDECODES = Counter(
    "voice_whisper_redecodes",
    "Doubtful texts decoded again with the full window, by reason: `repeat` of a phrase, "
    "`empty` though voice was heard, token `cap` reached, `unsure` log-probability.",
    ["reason"],
    registry=REGISTRY,
)
AUDIO_SECONDS = Counter(
    "voice_audio_seconds",
    "Audio heard (`in`) and spoken (`out`).",
    ["direction"],
    registry=REGISTRY,
)
PARTIALS = Counter(
    "voice_partials",
    "Partial texts of live speech: `sent`, or `shed` because the engine was busy.",
    ["outcome"],
    registry=REGISTRY,
)
SPECULATIVE_TRANSCRIPTS = Counter(
    "voice_speculative_transcripts",
    "Texts prepared in a pause: `right` when it was the end, `wrong` when speech went on.",
    ["outcome"],
    registry=REGISTRY,
)
SPEECH_CACHE_HITS = Counter(
    "voice_speech_cache_hits",
    "Clauses that were taken from the cache instead of being spoken anew.",
    registry=REGISTRY,
)
ERRORS = Counter(
    "voice_errors",
    "Errors sent to clients, by code.",
    ["code"],
    registry=REGISTRY,
)
WORKER_RESTARTS = Counter(
    "voice_worker_restarts",
    "Worker processes that were replaced, by engine.",
    ["engine"],
    registry=REGISTRY,
)
WORKER_HANGS = Counter(
    "voice_worker_hangs",
    "Worker processes that were killed because their job took too long, by engine.",
    ["engine"],
    registry=REGISTRY,
)
OLDEST_JOB_SECONDS = Gauge(
    "voice_oldest_job_seconds",
    "Time for which a worker has been at its job without giving anything, by engine; the longest.",
    ["engine"],
    registry=REGISTRY,
)
WORKER_MEMORY_BYTES = Gauge(
    "voice_process_memory_bytes",
    "Resident memory of the `server` and of each engine's worker processes.",
    ["part", "number"],
    registry=REGISTRY,
)
HISTORY_DROPPED = Counter(
    "voice_history_dropped",
    "Request records dropped because the database could not keep up.",
    registry=REGISTRY,
)
LOOP_DELAY_SECONDS = Histogram(
    "voice_event_loop_delay_seconds",
    "How late the event loop runs its timers, measured 20 times a second.",
    buckets=_LOOP_DELAYS,
    registry=REGISTRY,
)
