"""Runs `manage.py` again and again: `python -m tests.runner.command_forks`.

Reads lines of JSON, each with an environment and arguments, and answers each with a
line: the exit code, and what the command wrote. A run is a fork of this process, in
which all but the command itself is imported and set up, so it takes a fraction of a
second. What the settings refuse is not seen here: they are read once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

LONGEST_SECONDS = 90


def run(order: dict[str, Any]) -> dict[str, Any]:
    """The outcome of one command."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            _become_the_command(order, output.fileno(), errors.fileno())
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        return {"code": code, "output": _text(output), "errors": _text(errors)}


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def _become_the_command(order: dict[str, Any], output: int, errors: int) -> None:
    signal.alarm(LONGEST_SECONDS)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(output, 1)
    os.dup2(errors, 2)
    code = 70
    try:
        _configure(order["environment"])
        execute_from_command_line(["manage.py", *order["arguments"]])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - as at the end of any program
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _configure(environment: dict[str, str]) -> None:
    """What the settings would do with this environment."""
    os.environ.clear()
    os.environ.update(environment)
    settings.VOICE = load_config(environment)
    config = settings.VOICE.config
    chosen = {"NAME": str(Path(config.data_dir) / "voice.sqlite3")}
    if config.database_url:
        chosen = database(config.database_url, Path(config.data_dir))
    connections.databases["default"].update(chosen)
    connections["default"].close()
    del connections["default"]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "voiceproject.settings"
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import execute_from_command_line
        from django.db import connections

        import voiceproject.api
        import voiceproject.services  # noqa: F401
        from common.config import load_config
        from voiceproject.django_config import database

        for line in sys.stdin:
            sys.stdout.write(json.dumps(run(json.loads(line))) + "\n")
            sys.stdout.flush()
