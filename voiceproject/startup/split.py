"""`serve --split`: one process for each service, watched and restarted."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

import structlog

from common.backoff import backoff
from common.config import project_dir

log = structlog.get_logger(__name__)

FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 30.0
STABLE_SECONDS = 60.0
"""A service that lived so long starts again with the first backoff."""
KILL_AFTER_SECONDS = 5.0
POLL_SECONDS = 0.2
CANNOT_START = 1


class SupervisedProcess:
    """One service's process, and when it may be started again."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._next_start = 0.0
        self._pauses = backoff(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS)
        self._starts = 0

    def start(self) -> None:
        self._starts += 1
        self._started_at = time.monotonic()
        # Its own session, so that Ctrl-C in the terminal reaches only the supervisor.
        # The end of its standard input tells it to stop, also when we have died.
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            self._command, stdin=subprocess.PIPE, start_new_session=True
        )

    def restart_if_dead(self) -> int | None:
        """Start it again when it has died; its exit code when it can never start."""
        if self._process is None:
            if time.monotonic() >= self._next_start:
                self.start()
            return None
        code = self._process.poll()
        if code is None:
            return None
        if code == CANNOT_START and self._starts == 1:
            return code
        self._died(code)
        return None

    def _died(self, code: int) -> None:
        now = time.monotonic()
        if now - self._started_at > STABLE_SECONDS:
            self._pauses = backoff(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS)
        pause_seconds = next(self._pauses)
        self._next_start = now + pause_seconds
        log.error(
            "service died",
            service=self.name,
            exit_code=code,
            restart_in_seconds=pause_seconds,
        )
        self._close_input()
        self._process = None

    def ask_to_stop(self) -> None:
        self._close_input()

    def wait(self, until: float) -> None:
        """Wait for its end; kill it when it takes too long."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("service killed", service=self.name)
            self.kill()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _close_input(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()


def service_commands(roles: Sequence[str], *options: str) -> dict[str, list[str]]:
    """How each service is started."""
    manage = str(project_dir() / "manage.py")
    return {
        role: [
            *(sys.executable, manage, "serve", "--role", role, "--supervised"),
            *options,
        ]
        for role in roles
    }


class _StopRequest:
    """Whether a signal came. Without a lock, which a signal handler might never get."""

    def __init__(self) -> None:
        self._asked = False

    def ask(self) -> None:
        self._asked = True

    def asked(self) -> bool:
        return self._asked


def supervise(commands: dict[str, list[str]], grace_seconds: float) -> int:
    """Keep the services running until a signal; the exit code."""
    children = [SupervisedProcess(name, command) for name, command in commands.items()]
    stop = _StopRequest()
    _on_signals(stop, children)
    for child in children:
        child.start()
    code = _supervise_until(stop, children)
    stop.ask()
    for child in children:
        child.ask_to_stop()
    until = time.monotonic() + grace_seconds + KILL_AFTER_SECONDS
    for child in children:
        child.wait(until)
    return code


def _supervise_until(stop: _StopRequest, children: list[SupervisedProcess]) -> int:
    while not stop.asked():
        time.sleep(POLL_SECONDS)
        for child in children:
            code = None if stop.asked() else child.restart_if_dead()
            if code:
                return code
    return 0


def _on_signals(stop: _StopRequest, children: list[SupervisedProcess]) -> None:
    def received(number: int, _frame: FrameType | None) -> None:
        if stop.asked():
            for child in children:
                child.kill()
            sys.exit(128 + number)
        stop.ask()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, received)
