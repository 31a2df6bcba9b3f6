"""The messages of `/ws/monitor`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from common.messages import Message


class Latency(Message):
    """Latency of one stage over the last 15 minutes."""

    p50: float = Field(description="Median, in milliseconds.")
    p95: float = Field(description="95th percentile, in milliseconds.")
    count: int = Field(description="Number of measurements.")


class RecentRequest(Message):
    """One completed request."""

    kind: str = Field(description="`transcript` or `synthesis`.")
    time: float = Field(description="Time of its end, in Unix seconds.")
    text: str = Field(
        description="The beginning of the transcript or of the spoken text; empty for those of other callers, unless the key or the user may read all."
    )
    status: str = Field(description="`ok`, `error` or `cancelled`.")
    stages_ms: dict[str, float] = Field(description="Milliseconds by stage.")
    request_id: str = Field(
        description="The request's id in the log and in the history."
    )


class RunningFile(Message):
    """One recording that is being transcribed as a file."""

    request_id: str = Field(description="The request's id in the log.")
    principal: str = Field(
        description="The id of who sent it; empty for others' files, unless the key or the user may read all."
    )
    done_seconds: float = Field(description="Seconds of its audio that are done.")
    audio_seconds: float | None = Field(
        description="Its length in seconds as its header says; null if unknown."
    )
    running_seconds: float = Field(description="Seconds since the work on it began.")


class Snapshot(Message):
    """The state of one process; sent once a second for each process."""

    type: Literal["snapshot"] = "snapshot"
    process: str = Field(description="Name of the process.", examples=["web-1234"])
    time: float = Field(description="Unix seconds.", examples=[1795500000.0])
    sessions: dict[str, int] = Field(
        description="Open sessions by kind.", examples=[{"stt": 2, "tts": 1}]
    )
    queues: dict[str, int] = Field(
        description="Queued jobs by queue.", examples=[{"whisper": 0}]
    )
    latency_ms: dict[str, Latency] = Field(
        description="`final` (end of speech to transcript) and `first_audio` (request to first audio byte).",
        examples=[{"final": {"p50": 310.0, "p95": 540.0, "count": 12}}],
    )
    errors_last_hour: int = Field(
        description="Errors sent to clients, except those the client caused.",
        examples=[0],
    )
    real_time_factor: dict[str, float] = Field(
        description="Processing time divided by audio time, by engine; below 1 keeps up.",
        examples=[{"whisper": 0.1}],
    )
    memory_mb: dict[str, list[float]] = Field(
        description="Resident memory of the server and of each worker.",
        examples=[{"server": [210.0]}],
    )
    cpu_percent: float = Field(description="CPU use of the machine.", examples=[12.5])
    loop_delay_ms: float = Field(
        description="Maximum delay of an event loop timer in the last second.",
        examples=[0.4],
    )
    files: list[RunningFile] = Field(
        default_factory=list,
        description="The recordings that are being transcribed as files, oldest first.",
    )
    parts: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="The state of each component, as in `/health`.",
        examples=[{"whisper": {"state": "ready", "summary": "Whisper base, ready"}}],
    )
    recent: list[RecentRequest] = Field(
        default_factory=list, description="The latest requests, newest first."
    )


class History(Message):
    """The last 15 minutes, sent once after connecting; without `parts`, `files` and `recent`."""

    type: Literal["history"] = "history"
    snapshots: list[dict[str, Any]] = Field(
        description="At most 900 snapshots, oldest first.", examples=[[]]
    )
