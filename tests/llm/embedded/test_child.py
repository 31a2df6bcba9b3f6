"""A child process that hangs is detected while it starts, and does not block `stop`."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from common.engine import PartState
from common.errors import EngineFailed
from llm.embedded.child import Child

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGSTOP"),
]

MODULE = "tests.llm.embedded.stubborn_child"
FULL_PIPE = {"much": "x" * 1_000_000}
START_SECONDS = 5.0
STOP_SECONDS = 8.0


@pytest.fixture
def marker(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "marker"
    os.environ["STUBBORN_MARKER"] = str(path)
    yield path
    del os.environ["STUBBORN_MARKER"]


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def test_a_child_that_does_not_read_its_orders_is_killed(marker: Path) -> None:
    marker.touch()
    child = Child("child", MODULE, FULL_PIPE, start_seconds=START_SECONDS)
    began = time.monotonic()
    with pytest.raises(EngineFailed, match="did not load in time"):
        child.start()
    assert time.monotonic() - began < 3 * (START_SECONDS + STOP_SECONDS)
    assert child.pid is None


def test_a_restarted_child_that_never_listens_is_detected(marker: Path) -> None:
    child = Child("child", MODULE, FULL_PIPE, start_seconds=START_SECONDS)
    child.start()
    try:
        assert child.state is PartState.READY
        assert not child.hangs_at_start
        first = child.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        until(lambda: child.pid not in (None, first))
        second = child.pid
        assert not child.hangs_at_start
        until(lambda: child.hangs_at_start)
        marker.unlink()
        child.kill()
        until(lambda: child.state is PartState.READY)
        assert child.pid not in (first, second)
    finally:
        child.stop()


def test_it_stops_while_the_child_hangs(marker: Path) -> None:
    child = Child("child", MODULE, {}, start_seconds=60)
    child.start()
    pid = child.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    child.stop()
    assert time.monotonic() - began < 30
    assert not psutil.pid_exists(pid)
