"""Two processes share the tests as they should."""

from __future__ import annotations

import pytest

from common.config import project_dir
from tests.runner.distribution import SLOWEST, WHOLE_FOLDERS, group


@pytest.mark.parametrize("name", [*WHOLE_FOLDERS, *SLOWEST])
def test_it_names_what_is_there(name: str) -> None:
    assert (project_dir() / name).exists()
    assert group(f"{name}test_x.py::test_it" if name.endswith("/") else name) == name


def test_it_keeps_a_file_together() -> None:
    one = group("tests/stt/files/test_media_decoder.py::test_it[1]")
    other = group("tests/stt/files/test_media_decoder.py::TestClass::test_it[a::b]")
    assert one == other == "tests/stt/files/test_media_decoder.py"
