"""Server processes that start from one which has imported the libraries already."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.runner.forks import forks_of

POLL_SECONDS = 0.02


class ForkedServer:
    """`manage.py serve` as `subprocess.Popen` would run it, at a third of the cost.

    Or another command: the first of the arguments names it.
    """

    def __init__(
        self, arguments: list[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self._forks = forks_of("tests.runner.server_forks")
        order = {
            "arguments": arguments,
            "environment": dict(environment),
            "log": str(log),
        }
        self.pid = int(self._forks.ask(order))
        self._code: int | None = None

    def poll(self) -> int | None:
        """Its exit code once it has ended, negative after a signal."""
        # Once only: afterwards another process may get its number.
        if self._code is None:
            self._code = self._forks.ask({"pid": self.pid})
        return self._code

    def wait(self, seconds: float = 30.0) -> int:
        """Raises subprocess.TimeoutExpired."""
        ends_at = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > ends_at:
                raise subprocess.TimeoutExpired("manage.py", seconds)
            time.sleep(POLL_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        """Nothing happens once it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
