"""Django's own check of a production configuration has nothing to say."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from common.config import project_dir

pytestmark = pytest.mark.server


def test_it_is_clean_behind_tls(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "CONFIG_PATH": str(project_dir() / "config.prod.yaml"),
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": "voice.example.com",
        "API_KEYS": secrets.token_urlsafe(16),
        "HTTPS_ONLY": "true",
    }
    program = """
import django
from django.core.management import call_command
django.setup()
call_command("check", deploy=True, fail_level="WARNING")
from django.test import Client
answer = Client().get("/", headers={"Host": "voice.example.com"})
print(answer.status_code, answer["Location"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project_dir(),
        env={**environment, "DJANGO_SETTINGS_MODULE": "voiceproject.settings"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    assert "301 https://voice.example.com/" in done.stdout
