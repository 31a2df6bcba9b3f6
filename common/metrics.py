"""Every metric of the server, declared once with its help text.

`GET /metrics` renders this registry; `docs/metrics.md` is generated from it.
Times are in seconds. There is no switch: counting is cheap.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60)
_LOOP_DELAYS = (0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 5)

HTTP_REQUESTS = Counter(
    "voice_http_requests",
    "HTTP requests, by route, status and kind of principal "
    "(`anonymous`, `key`, `user`).",
    ["method", "route", "status", "principal"],
    registry=REGISTRY,
)
HTTP_SECONDS = Histogram(
    "voice_http_request_seconds",
    "Time from the arrival of a request to the end of its response, by route.",
    ["route"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
STAGE_SECONDS = Histogram(
    "voice_stage_seconds",
    "Time of one stage: `transcribe`, `final` (end of speech to transcript sent), "
    "`end_of_turn` (the turn model), `llm_first_token`, `synthesize`, `first_audio` (request to first audio byte), `tts_total`.",
    ["stage"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
SESSIONS = Gauge(
    "voice_active_sessions",
    "Open sessions, by kind (`stt`, `tts`, `voice`, `realtime`, `live`, `speak`, `wyoming`, `monitor`). Conversations of the Realtime API count as `voice`.",
    ["kind"],
    registry=REGISTRY,
)
QUEUED = Gauge(
    "voice_queue_depth",
    "Queued jobs, by queue (`whisper`, `piper`, `tts`).",
    ["queue"],
    registry=REGISTRY,
)
REAL_TIME_FACTOR = Gauge(
    "voice_real_time_factor",
    "Processing time divided by audio time of the latest job, by engine; below 1 keeps up.",
    ["engine"],
    registry=REGISTRY,
)
LLM_FALLBACKS = Counter(
    "voice_llm_fallbacks",
    "Requests passed to the next language model, by the one that failed.",
    ["backend"],
    registry=REGISTRY,
)
WHISPER_WINDOWS = Counter(
    "voice_whisper_windows",
    "Utterances decoded by Whisper, by the first window tried (`short`, `full`).",
    ["window"],
    registry=REGISTRY,
)
WHISPER_REDECODES = Counter(
    "voice_whisper_redecodes",
    "Doubtful texts decoded again with the full window, by reason: repeated phrase (`repeat`), "
    "`empty` despite speech, token limit reached (`cap`), low log-probability (`unsure`).",
    ["reason"],
    registry=REGISTRY,
)
AUDIO_SECONDS = Counter(
    "voice_audio_seconds",
    "Seconds of audio received (`in`) and synthesised (`out`).",
    ["direction"],
    registry=REGISTRY,
)
PARTIALS = Counter(
    "voice_partials",
    "Interim results of live speech: `sent`, or `shed` because the engine was busy.",
    ["outcome"],
    registry=REGISTRY,
)
SPECULATIVE_TRANSCRIPTS = Counter(
    "voice_speculative_transcripts",
    "Speculative finals: `right` if the utterance ended, `wrong` if speech continued.",
    ["outcome"],
    registry=REGISTRY,
)
SPEECH_CACHE_HITS = Counter(
    "voice_speech_cache_hits",
    "Clauses served from the cache instead of synthesised.",
    registry=REGISTRY,
)
ERRORS = Counter(
    "voice_errors",
    "Errors sent to clients, by code.",
    ["code"],
    registry=REGISTRY,
)
QUOTA_REFUSALS = Counter(
    "voice_quota_refusals",
    "Requests and sockets refused, or sockets closed, by limit (`requests`, `sessions`, "
    "`audio_in`, `audio_out`, `llm_tokens`) and by whose it is (`principal`, `address`).",
    ["limit", "of"],
    registry=REGISTRY,
)
USAGE_DROPPED = Counter(
    "voice_usage_dropped",
    "Times that the usage of callers could not be kept, because the database was away "
    "at shutdown.",
    registry=REGISTRY,
)
WORKER_RESTARTS = Counter(
    "voice_worker_restarts",
    "Worker processes restarted, by engine.",
    ["engine"],
    registry=REGISTRY,
)
WORKER_HANGS = Counter(
    "voice_worker_hangs",
    "Worker processes killed because they hung, by engine.",
    ["engine"],
    registry=REGISTRY,
)
OLDEST_JOB_SECONDS = Gauge(
    "voice_oldest_job_seconds",
    "Longest time that a running job has produced nothing, by engine.",
    ["engine"],
    registry=REGISTRY,
)
REFUSED_CONNECTIONS = Counter(
    "voice_refused_connections",
    "Connections and requests refused before any work was done for them, by reason: "
    "`server_full`, `address_full`, `slow`, or the code of the error.",
    ["reason"],
    registry=REGISTRY,
)
FAILED_LOGINS = Counter(
    "voice_failed_logins",
    "Wrong credentials, by kind (`key`, `password`).",
    ["kind"],
    registry=REGISTRY,
)
LLM_CIRCUIT_OPEN = Gauge(
    "voice_llm_circuit_open",
    "1 from when a language model server kept failing until it answers again.",
    ["server"],
    registry=REGISTRY,
)
READY = Gauge(
    "voice_ready",
    "1 while the server takes work, as `GET /health/ready` says it.",
    registry=REGISTRY,
)
PART_UP = Gauge(
    "voice_part_up",
    "1 while a component works, by its name in `GET /health`.",
    ["part"],
    registry=REGISTRY,
)
DISK_FREE_BYTES = Gauge(
    "voice_disk_free_bytes",
    "Free space of the disk that holds `data_dir`.",
    registry=REGISTRY,
)
WORKER_MEMORY_BYTES = Gauge(
    "voice_process_memory_bytes",
    "Resident memory of the `server` and of each engine's worker processes.",
    ["part", "number"],
    registry=REGISTRY,
)
HISTORY_WAITING = Gauge(
    "voice_history_waiting",
    "Request records that wait to be written to the database.",
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
