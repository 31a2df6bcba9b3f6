"""The state of a pool, from its workers and the time that their jobs take."""

from __future__ import annotations

from collections.abc import Sequence

from common.engine import PartState
from common.workers.lanes import Lane

_SLOW_SHARE = 0.25
"""Share of its time limit after which a job makes the pool DEGRADED."""
_HUNG_SHARE = 0.5
"""Share of its time limit after which a job counts its worker as unavailable."""


def pool_state(lanes: Sequence[Lane]) -> PartState:
    """DOWN if no worker is available, DEGRADED if one is dead or slow."""
    if not any(_is_available(lane) for lane in lanes):
        return PartState.DOWN
    if all(_is_healthy(lane) for lane in lanes):
        return PartState.READY
    return PartState.DEGRADED


def describe(lanes: Sequence[Lane]) -> str:
    """The state as a phrase for people, such as `1 of 2 workers alive`."""
    alive = sum(lane.alive for lane in lanes)
    if alive == 0:
        return "its worker is being restarted"
    if alive < len(lanes):
        return f"{alive} of {len(lanes)} workers alive"
    if pool_state(lanes) is PartState.READY:
        return "ready"
    longest_seconds = max(lane.job_seconds for lane in lanes)
    return f"a worker has produced nothing for {longest_seconds:.0f} s"


def _is_available(lane: Lane) -> bool:
    return lane.alive and lane.job_seconds <= _HUNG_SHARE * lane.limit_seconds


def _is_healthy(lane: Lane) -> bool:
    return lane.alive and lane.job_seconds <= _SLOW_SHARE * lane.limit_seconds
