"""The table of what can break: whole, and every test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from common.config import project_dir

TESTS = project_dir() / "tests"
ROWS = 123
_ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+) \| (.+?) \|$", re.MULTILINE)
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")


def rows() -> list[tuple[str, str, str, str]]:
    page = project_dir() / "docs" / "reliability.md"
    return _ROW.findall(page.read_text(encoding="utf-8"))


def named() -> list[tuple[str, str]]:
    return sorted({test for row in rows() for test in _TEST.findall(row[3])})


@cache
def defined_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, kinds))


def test_it_has_every_row_once_with_a_test() -> None:
    assert [int(number) for number, *_ in rows()] == list(range(1, ROWS + 1))
    assert [number for number, *_, shown in rows() if not _TEST.search(shown)] == []


@pytest.mark.parametrize(("path", "name"), named())
def test_the_test_that_it_names_is_there(path: str, name: str) -> None:
    assert name in defined_in(TESTS / path)
