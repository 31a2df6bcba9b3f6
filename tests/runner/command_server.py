"""Commands that start from a process which has imported everything already."""

from __future__ import annotations

import atexit
import functools
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from common.config import project_dir
from tests.server_process import outer_environment


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    output: str
    errors: str

    def check_refusal(self, sentence: str) -> None:
        """It ended with this sentence for a person, not with a traceback."""
        assert self.code == 1
        assert sentence in self.errors
        assert "Traceback" not in self.errors


def manage(*arguments: str, **settings: str) -> Ran:
    """Run a command of `manage.py`, with these variables added to the environment.

    Which database, models and folders the variables name is heeded; what Django's
    settings derive from others, such as the paths of cookies, is not.
    """
    order = {"environment": {**outer_environment(), **settings}, "arguments": arguments}
    return _forks().run(order)


class _Forks:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.runner.command_forks"],
            cwd=project_dir(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, order: Mapping[str, object]) -> Ran:
        orders, answers = self._process.stdin, self._process.stdout
        assert orders is not None
        assert answers is not None
        orders.write(json.dumps(order) + "\n")
        orders.flush()
        return Ran(**json.loads(answers.readline()))

    def end(self) -> None:
        self._process.communicate()


@functools.cache
def _forks() -> _Forks:
    """One for all tests of this process."""
    forks = _Forks()
    atexit.register(forks.end)
    return forks
