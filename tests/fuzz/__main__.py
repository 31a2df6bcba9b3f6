"""`make fuzz SECONDS=600`: rounds of random examples until the time is up or one fails."""

from __future__ import annotations

import argparse
import secrets
import subprocess
import sys
import time

from tests.fuzz.profiles import FUZZ


def main() -> int:
    options = _options()
    ends = time.monotonic() + options.seconds
    rounds = 0
    while not rounds or time.monotonic() < ends:
        rounds += 1
        seed = secrets.randbelow(2**32)
        print(f"round {rounds}, --hypothesis-seed={seed}", flush=True)  # noqa: T201
        if code := _round(seed, options.jobs, options.tests):
            return code
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("tests", nargs="*", default=["tests/fuzz"])
    return parser.parse_args()


def _round(seed: int, jobs: int, tests: list[str]) -> int:
    """pytest's exit code; it prints the example that reproduces a failure."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", str(jobs)]
    options = [f"--hypothesis-profile={FUZZ}", f"--hypothesis-seed={seed}"]
    # A round has no time limit of its own for a test: its examples are many.
    return subprocess.run(
        [*command, *options, "--timeout=3600", *tests], check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
