"""`manage.py voices`, run as a person would, against a hub of our own."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.project.management_command import manage
from tests.servers.hub import Hub, running_hub
from tts_app.models import Voice

JOE = "en_US-joe-medium"
THORSTEN = "de_DE-thorsten-low"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        hub.add_voice(THORSTEN, onnx=b"weights" * 10_000)
        hub.add_voice("fr_FR-siwis-low", onnx=b"weights")
        yield hub


def test_it_lists_the_voices_here_without_asking_anybody(
    hub: Hub, tmp_path: Path
) -> None:
    ran = manage(tmp_path, hub.url, "voices", "list")
    assert ran.code == 0
    assert [line.split()[:2] for line in ran.output.splitlines()] == [[JOE, "package:"]]
    assert hub.requests == []


def test_it_lists_those_on_the_hub_by_language(hub: Hub, tmp_path: Path) -> None:
    ran = manage(tmp_path, hub.url, "voices", "list", "--all", "--language", "de")
    assert ran.output.split(maxsplit=1)[0] == THORSTEN
    assert "on the hub: German Germany" in ran.output
    assert "siwis" not in ran.output


def test_it_downloads_voices(hub: Hub, tmp_path: Path) -> None:
    ran = manage(tmp_path, hub.url, "voices", "download", THORSTEN, JOE)
    assert ran.code == 0
    assert f"Use it with PIPER_MODEL_PATH={THORSTEN}" in ran.output
    assert f"{JOE} is here already" in ran.output
    kept = tmp_path / "voices" / THORSTEN / f"{THORSTEN}.onnx"
    assert kept.read_bytes() == b"weights" * 10_000


@pytest.mark.parametrize(
    ("arguments", "settings", "sentence"),
    [
        (["download", "de_DE-thorsen-low"], {}, f"Did you mean `{THORSTEN}`?"),
        (["download", THORSTEN], {"OFFLINE": "true"}, "run it with OFFLINE=false"),
        (["list", "--all"], {"OFFLINE": "true"}, "run it with OFFLINE=false"),
        (["sync"], {"PIPER_MODEL_PATH": "nobody"}, "which is not installed"),
    ],
)
def test_it_refuses_in_one_sentence(
    hub: Hub,
    tmp_path: Path,
    arguments: list[str],
    settings: dict[str, str],
    sentence: str,
) -> None:
    ran = manage(tmp_path, hub.url, "voices", *arguments, **settings)
    assert ran.code == 1
    assert sentence in ran.errors
    assert "Traceback" not in ran.errors


@pytest.mark.django_db
def test_it_writes_the_installed_voices_to_the_database() -> None:
    first, second = StringIO(), StringIO()
    call_command("voices", "sync", stdout=first)
    assert first.getvalue().startswith("1 added, 0 updated")
    assert Voice.objects.get().name == JOE
    call_command("voices", "sync", stdout=second)
    assert second.getvalue().startswith("0 added, 1 updated")
