"""Starts servers again and again: `python -m tests.runner.server_forks`.

Reads lines of JSON and answers each with a line. A server is a fork of this process, in
which the libraries are imported that every server needs and that read neither Django's
settings nor the environment. All of the server's own modules it imports itself.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

LIBRARIES = [
    "asyncio",
    "attrs",
    "av",
    "channels.db",
    "cryptography.x509",
    "diff_match_patch",
    "django.contrib.postgres.forms",
    "django.core.management",
    "django.db.models",
    "django.forms",
    "django.template",
    "django.test.utils",
    "django.utils.log",
    "django.views.generic",
    "emoji",
    "httpx",
    "jinja2",
    "limits.aio.storage",
    "multiprocessing.connection",
    "numpy",
    "OpenSSL.SSL",
    "prometheus_client",
    "psutil",
    "psycopg",
    "pydantic",
    "redis.asyncio",
    "rich.traceback",
    "service_identity",
    "soxr",
    "structlog",
    "tablib",
    "twisted.internet.tcp",
    "twisted.protocols.tls",
    "wyoming.info",
    "yaml",
    "zeroconf.asyncio",
    "zope.interface",
]
OWN = ("common", "tests")
"""Imported along with this program, in its environment and not in the server's."""


def answer(order: dict[str, Any]) -> int | None:
    """The process id of a new server, or the exit code of one that has ended, which can
    be asked for once."""
    if "arguments" in order:
        return _start(order)
    ended, status = os.waitpid(int(order["pid"]), os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _start(order: dict[str, Any]) -> int:
    child = os.fork()
    if child == 0:
        _become_the_server(order)
    return child


def _become_the_server(order: dict[str, Any]) -> None:
    """Does not return: it ends as `manage.py` does."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number, file in enumerate((nothing, log, log)):
        os.dup2(file, number)
    os.closerange(3, max(nothing, log) + 1)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["manage.py", *order["arguments"]]
    for name in list(sys.modules):
        if name.split(".")[0] in OWN:
            del sys.modules[name]
    gc.enable()
    runpy.run_path("manage.py", run_name="__main__")
    sys.exit()


def main() -> None:
    gc.disable()
    for name in LIBRARIES:
        # Those of an extra that is not installed here a server does without, too.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    sys.path.insert(0, str(Path.cwd()))
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
