"""A child program that hangs on request: `python -m tests.llm.embedded.stubborn_child`."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path


def main() -> None:
    marker = Path(os.environ["STUBBORN_MARKER"])
    if marker.exists():
        # Before it reads its orders.
        os.kill(os.getpid(), signal.SIGSTOP)
    json.loads(sys.stdin.readline())
    marker.touch()
    sys.stdout.write(json.dumps({"url": "http://127.0.0.1:9"}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
