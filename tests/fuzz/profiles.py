"""How many examples a test tries, and which."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture.providers import (
    HypothesisProvider,
    _get_local_constants,
)
from hypothesis.internal.constants_ast import Constants

TESTS = "tests"
FUZZ = "fuzz"
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
MORE = 10
"""A round of `make fuzz` tries this many times as many examples."""


def _local_constants(_provider: HypothesisProvider) -> Constants:
    """Numbers and words that Hypothesis found in the source of what is imported.

    Which modules are depends on the tests that ran before in the same process, so a
    derandomized test with them would fail in one run and pass in the next.
    """
    here = settings.default
    if here is not None and here.derandomize:
        return Constants()
    return _get_local_constants()


# Hypothesis has no setting for it.
HypothesisProvider._local_constants = property(_local_constants)  # type: ignore[assignment]
# How fast examples are made says more of the machine than of the test.
settings.register_profile(
    TESTS,
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    FUZZ,
    derandomize=False,
    deadline=None,
    print_blob=True,
    suppress_health_check=SLOW,
)


def examples(count: int) -> settings:
    """Settings of a test that tries `count` examples in `make test`."""
    here = settings.default
    if here is not None and not here.derandomize:
        count *= MORE
    return settings(max_examples=count, deadline=None, suppress_health_check=SLOW)
