"""The thread of one lane: takes jobs, runs them, and restarts a dead worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import structlog

from common.backoff import backoff
from common.errors import EngineFailed, VoiceError
from common.metrics import WORKER_RESTARTS
from common.workers.backlog import AllCancelled, Backlog, Job
from common.workers.child import Batch
from common.workers.lanes import Lane, WorkerDied

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0
_TRIES = 2


class LaneRunner:
    """Runs the jobs of one lane. `run` is the target of the thread."""

    def __init__(
        self,
        name: str,
        lane: Lane,
        backlog: Backlog,
        *,
        batch_size: int,
        memory_cap_mb: int,
        any_alive: Callable[[], bool],
    ) -> None:
        self._name = name
        self._lane = lane
        self._backlog = backlog
        self._batch_size = batch_size
        self._memory_cap_mb = memory_cap_mb
        self._any_alive = any_alive
        self.restarts = 0

    def run(self) -> None:
        """Take and run jobs until the backlog is closed."""
        lane, pauses = self._lane, _restart_pauses()
        while not self._backlog.closed:
            if not lane.alive:
                self._backlog.wait_closed(next(pauses))
                if self._restart():
                    pauses = _restart_pauses()
            elif jobs := self._backlog.take(lambda: lane.alive, self._batch_size):
                self._run_batch(jobs)
                if self._memory_cap_mb and lane.memory_mb() > self._memory_cap_mb:
                    log.info("worker exceeded its memory limit", engine=self._name)
                    self._restart()

    def _run_batch(self, jobs: list[Job]) -> None:
        """Run a batch; retry each unanswered job alone."""
        tries = _TRIES
        unanswered = dict(enumerate(jobs))
        if len(jobs) > 1:
            batch = Batch([job.request for job in jobs])
            try:
                for number, item in self._lane.run(batch, AllCancelled(jobs)):
                    job = unanswered.pop(number)
                    job.emit("item", item)
                    job.emit("end", None)
            except WorkerDied:
                tries -= 1
                self._restart()
            except VoiceError:
                log.warning("batch failed, retrying each job alone", engine=self._name)
        for job in unanswered.values():
            if not job.cancelled.is_set():
                self._run_job(job, tries)

    def _run_job(self, job: Job, tries: int) -> None:
        for attempt in range(1, tries + 1):
            started = False
            try:
                for item in self._lane.run(job.request, job.cancelled):
                    started = True
                    job.emit("item", item)
                job.emit("end", None)
                return
            except WorkerDied as died:
                # Delivered items cannot be taken back, so only a job without any is
                # retried.
                lost = attempt == tries or started or job.cancelled.is_set()
                if lost or not self._restart():
                    message = f"The {self._name} worker died at work: {died}."
                    job.emit("error", EngineFailed(message, retry_after_seconds=1))
                    return
            except VoiceError as error:
                job.emit("error", error)
                return

    def _restart(self) -> bool:
        """Restart the lane's worker. If no worker is alive, reject the queued jobs."""
        lane, backlog = self._lane, self._backlog
        if backlog.closed:
            return False
        lane.stop()
        self.restarts += 1
        WORKER_RESTARTS.labels(self._name).inc()
        log.warning("worker restarts", engine=self._name, restarts=self.restarts)
        try:
            lane.start(lambda: not backlog.closed)
        except VoiceError as error:
            log.error("worker cannot start", engine=self._name, reason=error.message)
            if not self._any_alive():
                for job in backlog.empty():
                    job.emit("error", error)
            return False
        if backlog.wait_closed():
            lane.stop()
        return True


def _restart_pauses() -> Iterator[float]:
    return backoff(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, at_once=True)
