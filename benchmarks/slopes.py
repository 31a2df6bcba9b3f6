"""Whether a figure grows with time, told so that neither noise nor outliers fool us."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]

BLOCKS = 20
_NORMAL_95 = 1.96


@dataclass(frozen=True)
class Slope:
    """Growth per unit of time, with its 95 % confidence interval."""

    value: float
    low: float
    high: float

    @property
    def is_flat(self) -> bool:
        """Whether it cannot be told from no growth."""
        return self.low <= 0 <= self.high


def theil_sen(times: npt.ArrayLike, values: npt.ArrayLike) -> Slope:
    """The median slope of all pairs of blocks of samples (Theil 1950, Sen 1968).

    Samples that follow one another are alike, so that as many as there are
    would feign certainty: the medians of twenty blocks are compared instead.
    Raises ValueError for fewer than three samples.
    """
    at, level = _blocks(np.asarray(times, float), np.asarray(values, float))
    if len(at) < 3:
        raise ValueError("a slope needs three samples")
    count = len(at)
    first, second = np.triu_indices(count, 1)
    slopes = np.sort((level[second] - level[first]) / (at[second] - at[first]))
    # How many pairs of n random numbers may be out of order (Kendall).
    deviation = np.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    middle, half = len(slopes) / 2, _NORMAL_95 * deviation / 2
    low = max(0, int(np.floor(middle - half)))
    high = min(len(slopes) - 1, int(np.ceil(middle + half)))
    return Slope(float(np.median(slopes)), float(slopes[low]), float(slopes[high]))


def _blocks(times: _Floats, values: _Floats) -> tuple[_Floats, _Floats]:
    count = max(1, min(BLOCKS, len(times)))
    at = [np.median(block) for block in np.array_split(times, count)]
    level = [np.median(block) for block in np.array_split(values, count)]
    return np.asarray(at, float), np.asarray(level, float)
