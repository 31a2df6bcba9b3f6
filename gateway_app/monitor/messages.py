"""What `/ws/monitor` sends."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from common.messages import Message


class Latency(Message):
    """One stage's latency over the last 15 minutes."""

    p50: float = Field(description="Half of them took at most so many milliseconds.")
    p95: float = Field(description="95 of 100 took at most so many milliseconds.")
    count: int = Field(description="How many there were.")


class RecentRequest(Message):
    """One request that has ended."""

    kind: str = Field(description="`transcript` or `synthesis`.")
    time: float = Field(description="When it ended, in Unix seconds.")
    text: str = Field(description="The beginning of what was heard or spoken.")
    status: str = Field(description="`ok`, `error` or `cancelled`.")
    stages_ms: dict[str, float] = Field(description="Milliseconds by stage.")
    request_id: str = Field(description="Its id in the log and in the history.")


class Snapshot(Message):
    """How one process is doing; sent once a second for each process."""

    type: Literal["snapshot"] = "snapshot"
    process: str = Field(description="Which process.", examples=["web-1234"])
    time: float = Field(description="Unix seconds.", examples=[1795500000.0])
    sessions: dict[str, int] = Field(
        description="Open sessions by kind.", examples=[{"stt": 2, "tts": 1}]
    )
    queues: dict[str, int] = Field(
        description="Waiting jobs by queue.", examples=[{"whisper": 0}]
    )
    latency_ms: dict[str, Latency] = Field(
        description="`final` (end of speech to text) and `first_audio` (request to sound).",
        examples=[{"final": {"p50": 310.0, "p95": 540.0, "count": 12}}],
    )
    errors_last_hour: int = Field(
        description="Errors sent to clients that were not their own mistakes.",
        examples=[0],
    )
    real_time_factor: dict[str, float] = Field(
        description="Work time over audio time, by engine; under 1 keeps up.",
        examples=[{"whisper": 0.1}],
    )
    memory_mb: dict[str, list[float]] = Field(
        description="Resident memory of the server and of each worker.",
        examples=[{"server": [210.0]}],
    )
    cpu_percent: float = Field(
        description="How busy the machine's processors are.", examples=[12.5]
    )
    loop_delay_ms: float = Field(
        description="How late, at worst, the event loop ran a timer in the last second.",
        examples=[0.4],
    )
    parts: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="The state of each part, as in `/health`.",
        examples=[{"whisper": {"state": "ready", "summary": "Whisper base, ready"}}],
    )
    recent: list[RecentRequest] = Field(
        default_factory=list, description="The latest requests, newest first."
    )


class History(Message):
    """The last 15 minutes, sent once at the start; without `parts` and `recent`."""

    type: Literal["history"] = "history"
    snapshots: list[dict[str, Any]] = Field(
        description="Snapshots, oldest first, 900 at most.", examples=[[]]
    )
