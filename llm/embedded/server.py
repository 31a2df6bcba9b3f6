"""The program that runs the embedded model: a server on 127.0.0.1 for its parent.

Its standard input is a line of JSON with its orders, and then stays open: when it
ends, the parent is gone and this program exits. The first line that it writes
says where it listens, or why it cannot.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

WARM_UP_TOKENS = 8


def main() -> None:
    # Ctrl-C reaches the whole foreground group; only the parent decides the end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    orders = json.loads(sys.stdin.readline())
    try:
        server = start(orders)
    except Exception as error:  # noqa: BLE001 - the edge of the program
        say({"error": f"{type(error).__name__}: {error}"})
        os._exit(1)
    say({"url": server.listening_address})
    with contextlib.suppress(OSError):
        sys.stdin.read()
    # The server's own threads would finish what they write for nobody.
    os._exit(0)


def start(orders: dict[str, Any]) -> Any:
    """The server, warmed up: its first answer is as fast as its tenth."""
    import xllamacpp

    server = xllamacpp.Server(parameters(xllamacpp, orders))
    warm_up = {
        "messages": orders["warm_up"],
        "max_tokens": WARM_UP_TOKENS,
        "stream": True,
    }
    server.handle_chat_completions(warm_up, lambda chunk: False)
    return server


def parameters(xllamacpp: Any, orders: dict[str, Any]) -> Any:
    wanted = xllamacpp.CommonParams()
    wanted.model.path = orders["model"]
    # Its answers name the model so, and not by the path of its file.
    wanted.model_alias = {Path(orders["model"]).stem}
    wanted.n_parallel = orders["parallel"]
    wanted.n_ctx = orders["context_tokens"] * orders["parallel"]
    wanted.cpuparams.n_threads = orders["threads"]
    wanted.cpuparams_batch.n_threads = orders["threads"]
    wanted.n_threads_http = orders["connections"]
    wanted.api_keys = [orders["api_key"]]
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = 0
    wanted.ui = False
    wanted.endpoint_slots = False
    wanted.endpoint_props = False
    wanted.endpoint_metrics = False
    wanted.offline = True
    wanted.warmup = True
    wanted.verbosity = 0
    # The prompts live in the slots; a copy outside them would only take memory.
    wanted.cache_ram_mib = 0
    return wanted


def say(fact: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(fact) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
