"""The figures that decide: slopes, quantiles, the search for a limit, and flags."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from benchmarks.flags import Flags, parse
from benchmarks.metrics import quantile
from benchmarks.report import repeated
from benchmarks.search import most_that_passes
from benchmarks.slopes import theil_sen


def test_it_finds_a_slope_through_noise_and_outliers() -> None:
    random = np.random.default_rng(0)
    times = np.arange(600) / 600
    levels = 100 + 5 * times + random.standard_normal(600)
    levels[random.integers(600, size=30)] += 500
    slope = theil_sen(times, levels)
    assert slope.low < 5 < slope.high
    assert slope.value == pytest.approx(5, abs=1)
    assert not slope.is_flat


def test_it_calls_a_level_with_slow_waves_flat() -> None:
    times = np.arange(600) / 600
    slope = theil_sen(times, 100 + np.sin(times * 40))
    assert slope.is_flat
    assert theil_sen(times, np.full(600, 100.0)).is_flat


def test_it_is_rarely_wrong_about_noise() -> None:
    random = np.random.default_rng(0)
    times = np.arange(100) / 100
    wrong = sum(
        not theil_sen(times, random.standard_normal(100)).is_flat for _ in range(200)
    )
    assert wrong <= 20


def test_it_needs_three_samples_for_a_slope() -> None:
    with pytest.raises(ValueError, match="three samples"):
        theil_sen([0, 1], [1, 2])


def test_it_reads_a_quantile_between_bounds() -> None:
    buckets = {0.01: 90.0, 0.02: 100.0, float("inf"): 100.0}
    assert quantile(buckets, 0.95) == pytest.approx(0.015)
    assert quantile(buckets, 0.45) == pytest.approx(0.005)
    assert quantile({0.01: 0.0, float("inf"): 10.0}, 0.99) == 0.01
    assert quantile({0.01: 0.0, float("inf"): 0.0}, 0.99) == 0
    assert quantile({}, 0.99) == 0


@given(st.integers(0, 200), st.integers(1, 200))
def test_it_finds_the_most_that_passes(truth: int, start: int) -> None:
    tried: list[int] = []

    def passes(number: int) -> bool:
        tried.append(number)
        return number <= truth

    found = most_that_passes(passes, start, limit=128)
    exact = min(truth, 128)
    assert found <= exact <= found + max(1, found // 8)
    assert len(tried) == len(set(tried)) <= 16
    assert all(1 <= number <= 128 for number in tried)


def test_it_shows_how_far_repeats_lie_apart() -> None:
    assert repeated([[0.1], [0.2], [0.3]]) == "200 / 290 ms (medians 100 to 300)"
    assert repeated([[0.1, 0.3], []]) == "200 / 290 ms"
    assert repeated([[], []]) == "none"


def test_it_takes_names_and_flags() -> None:
    names, flags = parse(["live", "--quick", "--model", "tiny.en"], ["live", "soak"])
    assert names == ["live"]
    assert flags == Flags(quick=True, models=("tiny.en",), repeats=1, minutes=1.0)
    assert parse([], ["live", "soak"]) == (["live", "soak"], Flags())
    assert parse(["--minutes", "30"], ["soak"])[1].minutes == 30


@pytest.mark.parametrize(
    "arguments", [["walk"], ["--repeats", "0"], ["--minutes", "-1"], ["--fast"]]
)
def test_it_refuses_what_it_does_not_know(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(arguments, ["live"])
