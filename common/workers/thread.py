"""The lane without a process, for debugging. It cannot end a job that hangs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from common.engine import load_by_path
from common.errors import VoiceError
from common.workers.child import Cancelled, failed, until_cancelled, work_on
from common.workers.lanes import WorkerDied, WorkerSpec, ignore_death
from common.workers.timeouts import JobTimer


class ThreadLane:
    """Runs the handler in the caller's thread: one process, easy to debug."""

    def __init__(self, spec: WorkerSpec) -> None:
        self._spec = spec
        self._handler: Any = None
        self._timer = JobTimer(time.monotonic)
        self.limit_seconds = spec.job_timeout.limit_seconds(0)
        self.on_death: Callable[[], None] = ignore_death

    @property
    def pid(self) -> int | None:
        return os.getpid()

    @property
    def alive(self) -> bool:
        return self._handler is not None

    @property
    def job_seconds(self) -> float:
        return self._timer.seconds

    def start(self, still_wanted: Callable[[], bool]) -> dict[str, Any]:
        """See Lane. Raises EngineFailed when the handler does not load."""
        handler = load_by_path(self._spec.handler)(*self._spec.arguments)
        try:
            facts: dict[str, Any] = handler.load()
        except Exception as error:
            raise failed(self._spec.name, error) from error
        self._handler = handler
        return facts

    def run(self, request: Any, cancelled: Cancelled) -> Iterator[Any]:
        """See Lane. Raises WorkerDied without `start`, VoiceError, or EngineFailed."""
        if self._handler is None:
            raise WorkerDied("it is not running")
        self._timer.restart()
        try:
            for item in until_cancelled(work_on(self._handler, request), cancelled):
                yield item
                self._timer.restart()
        except VoiceError:
            raise
        except Exception as error:
            raise failed(self._spec.name, error) from error
        finally:
            self._timer.stop()

    def hang_up(self) -> None:
        self.kill()

    def kill(self) -> None:
        self._handler = None

    def stop(self) -> None:
        self.kill()

    def memory_mb(self) -> float:
        return 0.0
