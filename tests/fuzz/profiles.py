"""How many examples a test tries, and which."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

TESTS = "tests"
FUZZ = "fuzz"
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
MORE = 10
"""A round of `make fuzz` tries this many times as many examples."""

settings.register_profile(TESTS, derandomize=True, deadline=None, print_blob=True)
settings.register_profile(
    FUZZ, deadline=None, print_blob=True, suppress_health_check=SLOW
)


def examples(count: int) -> settings:
    """Settings of a test that tries `count` examples in `make test`."""
    here = settings.default
    if here is not None and not here.derandomize:
        count *= MORE
    return settings(max_examples=count, deadline=None, suppress_health_check=SLOW)
