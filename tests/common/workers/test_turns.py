"""Callers take turns, however much each of them asks for."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import Overloaded
from common.workers.backlog import Backlog, Job, Priority, Urgency
from common.workers.turns import Caller, Turns, crowds_out
from tests.clocks import StoppedClock

GREEDY, MODEST = Caller("key:greedy", "10.0.0.1"), Caller("key:modest", "10.0.0.2")


class Queue:
    """A backlog, whose jobs are named after their callers."""

    def __init__(self, limit: int = 64) -> None:
        self.clock = StoppedClock()
        self.backlog = Backlog(limit, self.clock)
        self.refused: list[int] = []
        self._number = 0

    def put(
        self,
        caller: Caller,
        priority: Priority = Priority.FINAL,
        *,
        batch_key: str | None = None,
        cost: float = 1.0,
    ) -> Job:
        number = self._number = self._number + 1

        def emit(kind: str, value: Any) -> None:
            self.refused.append(number)

        job = Job(Urgency(priority), number, None, emit, batch_key, caller=caller)
        job.cost = cost
        self.backlog.put(job)
        return job

    def take(self, most: int = 1) -> list[Caller]:
        return [job.caller for job in self.backlog.take(lambda: True, most)]

    def take_all(self) -> list[Caller]:
        order = []
        while len(self.backlog):
            order += self.take()
        return order


def test_a_newcomer_waits_for_one_job_of_a_caller_who_filled_the_queue() -> None:
    queue = Queue()
    for _ in range(50):
        queue.put(GREEDY)
    queue.take()
    # By now each of them would have aged past any newcomer.
    queue.clock.move_on(3_600)
    for _ in range(3):
        queue.put(MODEST)
    assert queue.take_all()[:6] == [MODEST, GREEDY, MODEST, GREEDY, MODEST, GREEDY]


def test_many_addresses_of_one_principal_share_its_turns() -> None:
    queue = Queue()
    for number in range(4):
        queue.put(Caller("key:greedy", f"10.0.0.{number}"))
        queue.put(Caller("key:greedy", f"10.0.0.{number}"))
    queue.put(MODEST)
    queue.put(MODEST)
    order = queue.take_all()
    assert order.index(MODEST) <= 1
    assert order[3] == MODEST or order[2] == MODEST
    others = [caller for caller in order if caller != MODEST]
    assert len(set(others[:4])) == 4, "each address once before any twice"


def test_work_counts_by_what_it_costs() -> None:
    queue = Queue()
    for _ in range(4):
        queue.put(GREEDY, cost=3)
    for _ in range(6):
        queue.put(MODEST, cost=1)
    assert queue.take_all()[:5].count(MODEST) == 3


def test_priorities_come_before_turns() -> None:
    queue = Queue()
    queue.put(MODEST, Priority.FILE)
    queue.put(GREEDY)
    queue.put(GREEDY)
    assert queue.take_all() == [GREEDY, GREEDY, MODEST]


def test_a_batch_takes_from_each_caller() -> None:
    queue = Queue()
    for _ in range(6):
        queue.put(GREEDY, batch_key="short")
    queue.put(MODEST, batch_key="short")
    queue.put(MODEST, batch_key="short")
    assert queue.take(4).count(MODEST) == 2


def test_what_only_the_history_keeps_comes_after_everybody_who_is_there() -> None:
    queue = Queue()
    gone = queue.put(GREEDY)
    gone.urgency.leave_to_history()
    queue.clock.move_on(3_600)
    queue.put(MODEST, Priority.FILE)
    queue.put(GREEDY, Priority.INTERIM)
    assert queue.take_all() == [GREEDY, MODEST, GREEDY]
    gone.urgency.raise_to(Priority.FINAL)
    assert gone.urgency.priority is Priority.HISTORY, "it stays there"


def test_a_full_queue_refuses_whoever_has_most_in_it() -> None:
    queue = Queue(limit=4)
    for _ in range(4):
        queue.put(GREEDY)
    queue.put(MODEST)
    assert queue.refused == [4], "the last job of the greedy caller"
    with pytest.raises(Overloaded):
        queue.put(GREEDY)
    assert sorted(caller.principal for caller in queue.take_all()) == [
        *["key:greedy"] * 3,
        "key:modest",
    ]


def test_a_full_queue_first_drops_what_nobody_waits_for() -> None:
    queue = Queue(limit=2)
    queue.put(MODEST).urgency.leave_to_history()
    queue.put(MODEST)
    queue.put(MODEST)
    assert queue.refused == [1]


def test_equals_give_up_no_place_to_each_other() -> None:
    assert crowds_out([GREEDY, MODEST], Caller("key:third")) is None
    assert crowds_out([GREEDY, GREEDY, MODEST], MODEST) is None
    assert crowds_out([GREEDY] * 3, MODEST) == GREEDY
    assert crowds_out([], MODEST) is None


def test_it_remembers_a_bounded_number_of_callers() -> None:
    turns = Turns()
    for number in range(5_000):
        turns.serve(Caller(f"key:{number}"))
    assert len(turns._addresses) <= 1_000
    assert len(turns._principals._served) <= 1_001
