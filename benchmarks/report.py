"""What every benchmark prints: the machine, the commit, and a table of figures."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[1]


def commit(root: Path = ROOT) -> str:
    """The short commit id of a working tree, marked when it has changes."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"


def machine() -> str:
    """The processor, its cores, and the memory."""
    gigabytes = psutil.virtual_memory().total / 2**30
    return (
        f"{_processor()}, {psutil.cpu_count()} cores, {gigabytes:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    return next(names, platform.machine())


def milliseconds(seconds: Sequence[float]) -> str:
    """Median and 95th percentile, as "120 / 180 ms"."""
    median, p95 = np.percentile(np.asarray(seconds) * 1000, [50, 95])
    return f"{median:.0f} / {p95:.0f} ms"


def repeated(seconds_of_repeats: Sequence[Sequence[float]]) -> str:
    """All repeats together, and how far their medians lie apart."""
    kept = [seconds for seconds in seconds_of_repeats if len(seconds)]
    if not kept:
        return "none"
    together = milliseconds([value for seconds in kept for value in seconds])
    medians = [1000 * float(np.median(seconds)) for seconds in kept]
    if len(kept) == 1:
        return together
    return f"{together} (medians {min(medians):.0f} to {max(medians):.0f})"


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table under a heading."""
    lines = [f"### {title}", "", *map(_row, (header, ["---"] * len(header), *rows))]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
