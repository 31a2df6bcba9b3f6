"""Commands that start from a process which has imported everything already."""

from __future__ import annotations

from dataclasses import dataclass

from tests.runner.forks import forks_of
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
    return Ran(**forks_of("tests.runner.command_forks").ask(order))
