"""Starts servers again and again: `python -m tests.runner.server_forks`.

Reads lines of JSON and answers each with a line. A server is a fork of this process, in
which everything is imported that every server needs and that reads neither Django's
settings nor the environment. The rest it imports itself.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import sys
import threading
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
OWN = [
    "chat_app.conversation.scheduler",
    "chat_app.core.turns",
    "chat_app.protocol.configuration",
    "chat_app.replies.writing",
    "chat_app.session.summary",
    "compat_app.deepgram.flux.turns",
    "compat_app.deepgram.listen.recorded",
    "compat_app.deepgram.speak.output",
    "compat_app.realtime.calls.media.peer",
    "compat_app.realtime.conversation.mapper",
    "compat_app.realtime.transcription",
    "compat_app.wyoming.listening.transcription",
    "gateway_app.access.authentication",
    "gateway_app.keys.guard",
    "gateway_app.monitor.monitor",
    "llm.factory",
    "stt_app.services",
    "tts_app.core.voices.downloads",
    "voiceproject.docs.sockets",
]
"""Modules of this project that between them import most of what needs no settings."""

_set_by_imports: dict[str, str] = {}
"""Variables that libraries read when they are imported in turn."""


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
    _heed_signals()
    _take_environment(order["environment"])
    sys.argv = ["manage.py", *order["arguments"]]
    for name in list(sys.modules):
        if name.split(".")[0] == "tests":
            del sys.modules[name]
    gc.enable()
    runpy.run_path("manage.py", run_name="__main__")
    sys.exit()


def _heed_signals() -> None:
    """As from a terminal, also when the tests run below `nohup` or in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _take_environment(environment: dict[str, str]) -> None:
    """This one instead of the parent's, with what the imports change in it."""
    os.environ.clear()
    os.environ.update({**_set_by_imports, **environment})
    importlib.reload(sys.modules["common"])


def main() -> None:
    gc.disable()
    before = dict(os.environ)
    sys.path.insert(0, str(Path.cwd()))
    for name in LIBRARIES:
        # Those of an extra that is not installed here a server does without, too.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for name in OWN:
        importlib.import_module(name)
    _set_by_imports.update(os.environ.items() - before.items())
    # A fork would keep the first and lack the second.
    assert "voiceproject.settings" not in sys.modules
    assert threading.active_count() == 1
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
