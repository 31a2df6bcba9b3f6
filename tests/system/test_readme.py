"""What the pages tell a newcomer to run, run as it stands there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from common.config import project_dir
from tests.server_process import RunningServer

ROOT = project_dir()
USUAL_ADDRESS = "127.0.0.1:8000"


def blocks(page: str, language: str) -> list[str]:
    """The page's code blocks of one language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def block(page: str, language: str, mark: str, server: RunningServer) -> str:
    """The first code block that holds the mark, for this server."""
    found = next(text for text in blocks(page, language) if mark in text)
    return found.replace(USUAL_ADDRESS, f"127.0.0.1:{server.port}")


def run(*command: str, folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.server
@pytest.mark.model
def test_its_first_steps_speak_and_listen(
    server: RunningServer, tmp_path: Path
) -> None:
    steps = block("README.md", "sh", "curl", server)
    answer = run("sh", "-ec", steps, folder=tmp_path)
    assert (tmp_path / "hello.wav").read_bytes()[:4] == b"RIFF"
    assert "world" in json.loads(answer)["text"].lower()
    program = block("docs/live-transcription.md", "python", "websockets", server)
    heard = run(sys.executable, "-c", program, folder=tmp_path)
    assert "world" in heard.lower()


def test_the_first_page_of_the_site_has_the_same_first_steps() -> None:
    steps = next(text for text in blocks("README.md", "sh") if "curl" in text)
    assert steps in blocks("docs/installation.md", "sh")


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "docs/installation.md"]
)
def test_the_targets_of_make_that_it_names_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(
        re.findall(r"(?:`|^)make ((?:[a-z]+(?:-[a-z]+)* ?)+)", text, re.MULTILINE)
    )
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert named
    assert {name for names in named for name in names.split()} <= set(targets)


def test_its_figures_are_measured_ones() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    claims = re.findall(r"^- (\*\*.*)$", readme, re.MULTILINE)
    figures = [found for claim in claims for found in re.findall(r"\d+\.?\d*", claim)]
    measured = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert len(claims) == 4
    assert [figure for figure in figures if figure not in measured] == []
