"""How a pool's workers are, by whether they live and how long their jobs take."""

from __future__ import annotations

from collections.abc import Sequence

from common.engine import PartState
from common.workers.lanes import Lane

_LATE_SHARE = 0.25
"""Of a job's limit: a worker that takes longer is not as it should be."""
_SILENT_SHARE = 0.5
"""Of a job's limit: nobody should count on a worker that takes longer."""


def state_of(lanes: Sequence[Lane]) -> PartState:
    """DOWN when no worker answers, DEGRADED when one is dead or takes long."""
    if not any(_answers(lane) for lane in lanes):
        return PartState.DOWN
    if all(_is_well(lane) for lane in lanes):
        return PartState.READY
    return PartState.DEGRADED


def condition_of(lanes: Sequence[Lane]) -> str:
    """The same in a few words."""
    alive = sum(lane.alive for lane in lanes)
    if alive == 0:
        return "its worker is being started again"
    if alive < len(lanes):
        return f"{alive} of {len(lanes)} workers alive"
    if state_of(lanes) is PartState.READY:
        return "ready"
    oldest_seconds = max(lane.job_seconds for lane in lanes)
    return f"a worker has given nothing for {oldest_seconds:.0f} s"


def _answers(lane: Lane) -> bool:
    return lane.alive and lane.job_seconds <= _SILENT_SHARE * lane.limit_seconds


def _is_well(lane: Lane) -> bool:
    return lane.alive and lane.job_seconds <= _LATE_SHARE * lane.limit_seconds
