"""Libraries are told to send nothing, before any of them can be loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.config import project_dir
from common.telemetry import SWITCHES, disable_telemetry

PACKAGES = sorted(path.parent.name for path in project_dir().glob("*/__init__.py"))
PRINT_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"
OFF = dict.fromkeys(SWITCHES, "1")


def switches_after(*arguments: str, **environment: str) -> dict[str, str]:
    """The switches in a new Python process, once it has done what it was told."""
    kept = {name: value for name, value in os.environ.items() if name not in SWITCHES}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project_dir(),
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return {name: found[name] for name in SWITCHES if name in found}


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("value", ["", " ", "2", "t", "enabled", "true"])
def test_it_is_off_whatever_else_a_switch_holds(switch: str, value: str) -> None:
    environment = {switch: value}
    disable_telemetry(environment)
    assert environment == OFF


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("value", ["0", "false", "No", "OFF"])
def test_it_leaves_a_plain_wish_alone(switch: str, value: str) -> None:
    environment = {switch: value}
    disable_telemetry(environment)
    assert environment == {**OFF, switch: value}


def test_it_is_not_off_by_itself() -> None:
    assert switches_after("-c", PRINT_ENVIRONMENT) == {}


def test_it_looks_at_every_package() -> None:
    assert {"common", "llm", "stt_app", "tests", "voiceproject"} <= set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_it_is_off_once_any_package_is_imported(package: str) -> None:
    program = f"import {package}; {PRINT_ENVIRONMENT}"
    assert switches_after("-c", program) == OFF


@pytest.mark.server
def test_it_is_off_in_management_commands(tmp_path: Path) -> None:
    arguments = ["manage.py", "shell", "--no-imports", "-c", PRINT_ENVIRONMENT]
    assert switches_after(*arguments, DATA_DIR=str(tmp_path)) == OFF


@pytest.mark.server
def test_it_is_off_under_another_asgi_server(tmp_path: Path) -> None:
    program = f"import voiceproject.asgi; {PRINT_ENVIRONMENT}"
    assert switches_after("-c", program, DATA_DIR=str(tmp_path)) == OFF


def test_it_can_be_wanted() -> None:
    wanted = {"ORT_DISABLE_TELEMETRY": "0"}
    program = f"import stt_app; {PRINT_ENVIRONMENT}"
    assert switches_after("-c", program, **wanted) == {**OFF, **wanted}
