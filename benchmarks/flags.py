"""What the benchmark programs can be told on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

QUICK_CLIPS = 4


@dataclass(frozen=True)
class Flags:
    """The same for all programs; each takes what concerns it."""

    quick: bool = False
    """See in a few minutes that the program works; the figures mean nothing."""
    models: tuple[str, ...] = ("base",)
    repeats: int = 3
    minutes: float = 10.0
    python: str = ""
    """One that has the software which `clients` runs."""


def parse(arguments: Sequence[str], programs: Sequence[str]) -> tuple[list[str], Flags]:
    """The names of the programs to run, and the flags. Exits on anything else."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        epilog="`structure` and `voice_to_voice` run alone and have options of their own: structure --help",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one of {', '.join(programs)}; or all"
    )
    parser.add_argument(
        "--quick", action="store_true", help="few recordings, one repeat"
    )
    parser.add_argument(
        "--model", action="append", dest="models", help="Whisper model; may come twice"
    )
    parser.add_argument(
        "--repeats", type=_positive_int, help=f"default {Flags.repeats}"
    )
    parser.add_argument(
        "--minutes",
        type=_positive,
        help=f"of `soak`, `long` and `files`, default {Flags.minutes:g}",
    )
    parser.add_argument("--python", help="a Python that has the clients of `clients`")
    found = parser.parse_args(arguments)
    unknown = [name for name in found.names if name not in programs]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are: {', '.join(programs)}")
    return found.names or list(programs), _flags(found)


def _flags(found: argparse.Namespace) -> Flags:
    quick = bool(found.quick)
    return Flags(
        quick,
        tuple(found.models or Flags.models),
        found.repeats or (1 if quick else Flags.repeats),
        found.minutes or (1.0 if quick else Flags.minutes),
        found.python or Flags.python,
    )


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError(text)
    return number


def _positive_int(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
