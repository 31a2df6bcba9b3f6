"""`python -m benchmarks [name ...]`: runs the programs and prints their tables."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import accuracy, first_audio, heard_back, soak_speech, start
from benchmarks.report import commit, machine

PROGRAMS: dict[str, Callable[[], str]] = {
    "start": start.run,
    "accuracy": accuracy.run,
    "first_audio": first_audio.run,
    "first_audio_long": first_audio.run_long,
    "heard_back": heard_back.run,
    "soak_speech": soak_speech.run,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PROGRAMS]
    if unknown:
        print(f"Unknown: {', '.join(unknown)}. There are: {', '.join(PROGRAMS)}.")
        return 2
    print(f"Machine: {machine()}\nCommit: {commit()}\n", flush=True)
    for name in names or PROGRAMS:
        print(PROGRAMS[name](), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
