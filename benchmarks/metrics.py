"""What the server's `/metrics` says of the time between two looks at it."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from common.metrics import LOOP_DELAY_SECONDS

Buckets = dict[float, float]
"""How many measurements were at most so long, by the bound in seconds."""


def scrape(url: str) -> Buckets:
    """The event loop's delays since the server's start."""
    text = httpx.get(f"{url}/metrics", timeout=10).raise_for_status().text
    (name,) = (family.name for family in LOOP_DELAY_SECONDS.collect())
    return {
        float(sample.labels["le"]): sample.value
        for family in text_string_to_metric_families(text)
        if family.name == name
        for sample in family.samples
        if "le" in sample.labels
    }


def loop_delay_p99(before: Buckets, after: Buckets) -> float:
    """99th percentile in seconds, of the delays between the two."""
    return quantile(
        {le: count - before.get(le, 0) for le, count in after.items()}, 0.99
    )


def quantile(buckets: Buckets, share: float) -> float:
    """Evenly between a bucket's bounds, as Prometheus reads it; 0 without measurements."""
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0
    lower = below = 0.0
    for bound in bounds:
        if total and buckets[bound] >= share * total:
            if bound == float("inf"):
                return lower
            inside = buckets[bound] - below
            return lower + (bound - lower) * (share * total - below) / max(inside, 1)
        lower, below = bound, buckets[bound]
    return 0.0
