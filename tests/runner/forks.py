"""Asks a process of its own to run things as forks of it."""

from __future__ import annotations

import atexit
import functools
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from common.config import project_dir


class Forks:
    """The program of that module, which answers lines of JSON with lines of JSON."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=project_dir(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, order: Mapping[str, Any]) -> Any:
        """Its answer."""
        orders, answers = self._process.stdin, self._process.stdout
        assert orders is not None
        assert answers is not None
        orders.write(json.dumps(order) + "\n")
        orders.flush()
        return json.loads(answers.readline())

    def end(self) -> None:
        self._process.communicate()


@functools.cache
def forks_of(module: str) -> Forks:
    """One for all tests of this process; it ends with it."""
    forks = Forks(module)
    atexit.register(forks.end)
    return forks
