"""The defaults suit machines from one core to many, with and without a GPU."""

from __future__ import annotations

import pytest

from stt_app.core.whisper.resources import (
    Machine,
    Processes,
    share_out,
    this_machine,
)


@pytest.mark.parametrize(
    ("cores", "expected"),
    [
        (1, Processes(1, 1)),
        (2, Processes(1, 2)),
        (4, Processes(1, 4)),
        (8, Processes(2, 4)),
        (16, Processes(4, 4)),
        (64, Processes(8, 8)),
        (128, Processes(8, 8)),
    ],
)
def test_it_shares_out_the_cores(cores: int, expected: Processes) -> None:
    machine = Machine(cores, 64_000, has_gpu=False)
    assert share_out(machine, "auto", 150, workers=0, threads=0) == expected


def test_it_leaves_room_in_the_memory() -> None:
    machine = Machine(64, 16_000, has_gpu=False)
    assert share_out(machine, "cpu", 1_600, workers=0, threads=0) == Processes(1, 8)


def test_a_gpu_gets_one_process() -> None:
    machine = Machine(32, 64_000, has_gpu=True)
    assert share_out(machine, "auto", 150, workers=0, threads=0).count == 1
    assert share_out(machine, "cpu", 150, workers=0, threads=0).count == 8


def test_what_is_configured_stands() -> None:
    machine = Machine(8, 16_000, has_gpu=False)
    assert share_out(machine, "auto", 150, workers=3, threads=0) == Processes(3, 2)
    assert share_out(machine, "auto", 150, workers=0, threads=7).threads == 7


def test_it_looks_at_this_machine() -> None:
    found = this_machine()
    assert found.cores >= 1
    assert found.memory_mb > 100
