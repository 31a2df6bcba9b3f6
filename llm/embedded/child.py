"""Supervises one child process: when it dies it is restarted at once."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import psutil
import structlog

from common.backoff import backoff
from common.config import project_dir
from common.engine import PartState
from common.errors import EngineFailed
from common.metrics import WORKER_RESTARTS
from common.workers.child_processes import register, unregister

log = structlog.get_logger(__name__)

_START_SECONDS = 60.0
_STOP_SECONDS = 2.0
_HEALTHY_SECONDS = 10.0
"""A child that ran for this long was healthy, so the backoff starts over."""
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0


class Child:
    """Runs `python -m module`, gives it `orders`, and watches over it.

    A thread reads the child's output until it ends, so supervision needs no event
    loop and a crash is noticed immediately.
    """

    def __init__(
        self,
        name: str,
        module: str,
        orders: dict[str, Any],
        *,
        start_seconds: float = _START_SECONDS,
    ) -> None:
        self._start_seconds = start_seconds
        self._started_at = 0.0
        self._name = name
        self._module = module
        self._orders = orders
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self.url = ""
        """Where the child listens; empty while it is not listening."""
        self.restarts = 0
        self.last_output = ""

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process and process.poll() is None else None

    @property
    def state(self) -> PartState:
        if self._thread is None:
            return PartState.DOWN
        return PartState.READY if self.url and self.pid else PartState.LOADING

    @property
    def hangs_at_start(self) -> bool:
        """Whether the current process has exceeded the time limit for its start."""
        loading_seconds = time.monotonic() - self._started_at
        return not self.url and loading_seconds > self._start_seconds

    @property
    def memory_mb(self) -> float:
        try:
            return float(psutil.Process(self.pid).memory_info().rss) / 1e6
        except psutil.Error:
            return 0.0

    def start(self) -> None:
        """Start the child and wait until it listens. Raises EngineFailed."""
        self._stopping.clear()
        self._settled.clear()
        self._thread = threading.Thread(
            target=self._supervise, name=f"{self._name} supervisor", daemon=True
        )
        self._thread.start()
        in_time = self._settled.wait(self._start_seconds)
        if not self.url:
            self.stop()
            reason = self.last_output if in_time else "it did not load in time"
            raise EngineFailed(f"The {self._name} could not start: {reason}.")

    def abort(self) -> None:
        """Kill it without waiting for its exit or restarting it, also while it starts."""
        self._stopping.set()
        self.kill()

    def stop(self) -> None:
        self.abort()
        process, thread = self._process, self._thread
        if process is not None:
            _end(process)
        if thread is not None:
            thread.join(_STOP_SECONDS)
        self._process = self._thread = None
        self.url = ""

    def kill(self) -> None:
        """Kill a child that hangs; the supervisor starts the next one."""
        if self._process is not None:
            self._process.kill()

    def _supervise(self) -> None:
        pauses = _restart_pauses()
        while not self._stopping.is_set():
            self._started_at = time.monotonic()
            listened = self._run_once()
            self._settled.set()
            if self._stopping.is_set() or not (listened or self.restarts):
                return
            if listened and time.monotonic() - self._started_at > _HEALTHY_SECONDS:
                pauses = _restart_pauses()
            self.restarts += 1
            WORKER_RESTARTS.labels("llm").inc()
            log.warning(
                "child process died and is restarted",
                child=self._name,
                last_output=self.last_output,
                restarts=self.restarts,
            )
            self._stopping.wait(next(pauses))

    def _run_once(self) -> bool:
        """Run the child until it ends. Returns whether it ever listened."""
        process = self._process = self._spawn()
        register(process)
        if self._stopping.is_set():
            _end(process)
        self._send_orders(process)
        listened = False
        tail: deque[str] = deque(maxlen=5)
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for line in process.stdout:
            fact = _parse_message(line)
            if url := fact.get("url"):
                self.url, listened = url, True
                self._settled.set()
            else:
                tail.append(fact.get("error") or line.strip())
        code = process.wait()
        unregister(process)
        self.url = ""
        self.last_output = tail[-1] if tail else f"it ended with code {code}"
        if process.stdin is not None:
            # Closing flushes orders that the child did not read.
            with contextlib.suppress(OSError):
                process.stdin.close()
        process.stdout.close()
        return listened

    def _spawn(self) -> subprocess.Popen[str]:
        path = [str(project_dir()), os.environ.get("PYTHONPATH", "")]
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))},
        )

    def _send_orders(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            process.stdin.write(json.dumps(self._orders) + "\n")
            process.stdin.flush()
        except (OSError, ValueError):  # ValueError: `stop` has closed the pipe
            log.warning(
                "child process ended before it read its orders", child=self._name
            )


def _restart_pauses() -> Iterator[float]:
    """The first replacement comes at once."""
    return backoff(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, at_once=True)


def _end(process: subprocess.Popen[str]) -> None:
    """Kill it: it has no state to save, and a process that hangs ignores requests."""
    process.kill()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        log.error("child process does not exit", pid=process.pid)


def _parse_message(line: str) -> dict[str, str]:
    """A message of the child; empty for other output, such as that of a library."""
    try:
        fact = json.loads(line)
    except ValueError:
        return {}
    return fact if isinstance(fact, dict) else {}
