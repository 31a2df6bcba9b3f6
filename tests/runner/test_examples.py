"""The examples of a test depend on nothing but the test."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given, settings, strategies as st

from tests.fuzz.profiles import TESTS

CONSTANT = 3_141_592_653
# So few other constants are near that this one is drawn soon.
NEAR_IT = st.integers(CONSTANT - 10**6, CONSTANT + 10**6)


def drawn() -> list[int]:
    examples = []

    @settings(settings.get_profile(TESTS), max_examples=200)
    @given(NEAR_IT)
    def draw(number: int) -> None:
        examples.append(number)

    draw()
    return examples


@contextlib.contextmanager
def imported(folder: Path) -> Iterator[None]:
    """A module of the project with a constant in its source."""
    path = folder / "module_with_a_constant.py"
    path.write_text(f"NUMBER = {CONSTANT}\n")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    try:
        yield
    finally:
        del sys.modules[path.stem]


def test_they_stay_the_same_when_more_is_imported(tmp_path: Path) -> None:
    before = drawn()
    with imported(tmp_path):
        assert drawn() == before
