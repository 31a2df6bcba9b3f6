"""Runs `manage.py serve` again and again: `python -m tests.project.server.starts`.

Reads environments as lines of JSON, and answers each with a line: the exit code, and
what the command wrote. Each start is a fork of this process, which has imported the
libraries but nothing of the server, so that only the first one waits for them.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from typing import Any

import django.core.management
import httpx
import numpy as np
import pydantic
import structlog
import yaml

PRELOADED = (httpx, np, pydantic, structlog, yaml)
LONGEST_SECONDS = 60


def start(environment: dict[str, str]) -> dict[str, Any]:
    """The outcome of one start."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            _become_the_command(environment, output.fileno())
        _, status = os.waitpid(child, 0)
        output.seek(0)
        code = os.waitstatus_to_exitcode(status)
        return {"code": code, "output": output.read().decode("utf-8", "replace")}


def _become_the_command(environment: dict[str, str], output: int) -> None:
    signal.alarm(LONGEST_SECONDS)
    os.environ.update(environment)
    os.dup2(output, 1)
    os.dup2(output, 2)
    code = 70
    try:
        sys.argv = ["manage.py", "serve"]
        os.environ["DJANGO_SETTINGS_MODULE"] = "voiceproject.settings"
        django.core.management.execute_from_command_line(sys.argv)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else _say(end.code)
    except BaseException:  # noqa: BLE001 - as at the end of any program
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _say(message: object) -> int:
    """What Python does with a text given to `sys.exit`."""
    sys.stderr.write(f"{message}\n")
    return 1


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(start(json.loads(line))) + "\n")
        sys.stdout.flush()
