"""What the server needs is used, and the oldest Python is the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions

import pytest

from common.config import project_dir

ROOT = project_dir()
PACKAGES = (
    "common",
    "compat_app",
    "gateway_app",
    "llm",
    "stt_app",
    "tts_app",
    "voiceproject",
)
NEEDED_BY_DJANGO = {"psycopg"}
"""Django's PostgreSQL backend imports it."""
_NAME = re.compile(r"^[a-z0-9-]+", re.MULTILINE)
_OLDEST = {
    "README.md": r"Python (3\.\d+) to 3\.\d+",
    "CONTRIBUTING.md": r"written for (3\.\d+)",
    "Makefile": r"--python-version (3\.\d+)",
    "pyproject.toml": r'python_version = "(3\.\d+)"',
}


_SOUND = {"daphne": (4, 2, 2), "django": (5, 2, 14)}
"""The first versions without a fault that a client could use: Daphne's unbounded
messages (CVE-2026-44545) and header values (CVE-2026-44546), Django's unbounded bodies
under ASGI (CVE-2026-33034)."""


def needed() -> list[str]:
    text = (ROOT / "requirements" / "base.in").read_text(encoding="utf-8")
    return _NAME.findall(text)


def modules_of(distribution: str) -> list[str]:
    """The top-level modules that an installed distribution brings."""
    return [
        module
        for module, owners in installed().items()
        if distribution in {re.sub(r"[-_.]+", "-", name).lower() for name in owners}
    ]


@cache
def installed() -> Mapping[str, list[str]]:
    return packages_distributions()


def named_in(source: str, distribution: str) -> bool:
    names = "|".join(map(re.escape, modules_of(distribution)))
    return bool(names and re.search(rf"\b({names})\b", source))


@pytest.fixture(scope="module")
def source() -> str:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@pytest.mark.parametrize("distribution", needed())
def test_the_server_uses_what_it_needs(source: str, distribution: str) -> None:
    assert distribution in NEEDED_BY_DJANGO or named_in(source, distribution)


def test_it_would_find_what_nothing_uses(source: str) -> None:
    assert modules_of("pytest-django") == ["pytest_django"]
    assert not named_in(source, "pytest-django")


@pytest.mark.parametrize("name", _SOUND)
def test_no_pinned_version_is_known_to_be_faulty(name: str) -> None:
    text = (ROOT / "requirements" / "base.txt").read_text(encoding="utf-8")
    found = re.findall(rf"^{name}==([\d.]+)", text, re.MULTILINE)
    assert found
    assert all(tuple(map(int, each.split("."))) >= _SOUND[name] for each in found)


@pytest.mark.parametrize(("page", "pattern"), _OLDEST.items())
def test_the_oldest_python_is_the_same_everywhere(page: str, pattern: str) -> None:
    found = re.findall(pattern, (ROOT / page).read_text(encoding="utf-8"))
    target = re.search(r'target-version = "py3(\d+)"', _pyproject())
    assert target
    assert found == [f"3.{target[1]}"]


def _pyproject() -> str:
    return (ROOT / "pyproject.toml").read_text(encoding="utf-8")
