"""Many callers at once hold up nobody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from common.config import project_dir

PROGRAM = """
import django
django.setup()
from tests.project.loop.crowd import main
main()
"""
LARGEST_GROWTH_MB = 150.0
"""Of bodies that hold 200 MB together: the rest is in files."""

pytestmark = pytest.mark.server


@pytest.mark.parametrize(("kind", "number"), [("handshakes", 100), ("uploads", 20)])
def test_a_crowd_does_not_hold_the_loop(kind: str, number: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind, str(number)],
        cwd=project_dir(),
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "voiceproject.settings"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    measured = json.loads(done.stdout.splitlines()[-1])
    assert measured["held"] <= measured["allowed"], measured
    assert measured["memory_mb"] < LARGEST_GROWTH_MB, measured
