"""Whether the memory of a process and its workers grows while it works."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from benchmarks.memory import PARTS, resident_mb
from benchmarks.slopes import theil_sen

LOOK_EVERY_SECONDS = 1.0
HEADER = ["process", "at the end", "growth per hour, 95 % interval", "verdict"]


@dataclass
class Growth:
    """Looks at resident memory, one after the other."""

    began: float = field(default_factory=time.monotonic)
    hours: list[float] = field(default_factory=list)
    megabytes: list[dict[str, float]] = field(default_factory=list)

    def look(self, pid: int) -> None:
        """Note what is resident now. Raises psutil.NoSuchProcess."""
        found = resident_mb(pid)
        self.hours.append((time.monotonic() - self.began) / 3600)
        self.megabytes.append(found)

    def rows(self, warm_up_hours: float) -> list[list[str]]:
        """A row for the process and one for its workers, under HEADER.

        The time in which caches and pools fill does not count.
        """
        start = int(np.searchsorted(self.hours, warm_up_hours))
        return [self._row(part, start) for part in PARTS]

    def _row(self, part: str, start: int) -> list[str]:
        levels = [look[part] for look in self.megabytes]
        slope = theil_sen(self.hours[start:], levels[start:])
        return [
            part,
            f"{levels[-1]:.0f} MB",
            f"{slope.value:+.1f} MB ({slope.low:+.1f} to {slope.high:+.1f})",
            "flat" if slope.is_flat else "grows" if slope.value > 0 else "shrinks",
        ]
