"""`manage.py voices`, run as a person would, against a hub of our own."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from common.models.checksums import digest_of
from gateway_app.models import AuditEvent
from tests.fake_services import loaded_config
from tests.project.commands.management_command import manage
from tests.servers.hub import Hub, running_hub
from tts_app.models import Voice

pytestmark = pytest.mark.server

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
    assert f"{JOE} is already installed" in ran.output
    kept = tmp_path / "voices" / THORSTEN / f"{THORSTEN}.onnx"
    assert kept.read_bytes() == b"weights" * 10_000


def test_it_tells_which_file_is_no_longer_what_was_installed(
    hub: Hub, tmp_path: Path
) -> None:
    manage(tmp_path, hub.url, "voices", "download", THORSTEN)
    kept = tmp_path / "voices" / THORSTEN / f"{THORSTEN}.onnx"
    listed = manage(tmp_path, hub.url, "voices", "list", "--verbose").output
    assert f"  {digest_of(kept)}  {THORSTEN}.onnx\n" in listed
    assert manage(tmp_path, hub.url, "voices", "verify").code == 0
    kept.write_bytes(b"other weights")
    ran = manage(tmp_path, hub.url, "voices", "verify")
    assert ran.code == 1
    assert f"{THORSTEN}.onnx: CHANGED" in ran.output
    assert f"{THORSTEN}.onnx.json: unchanged" in ran.output
    assert f"voices accept {THORSTEN}" in ran.errors
    assert manage(tmp_path, hub.url, "voices", "verify", JOE).code == 0
    accepted = manage(tmp_path, hub.url, "voices", "accept", THORSTEN)
    assert accepted.code == 0
    assert manage(tmp_path, hub.url, "voices", "verify", THORSTEN).code == 0


def test_a_voice_that_was_put_there_by_hand_can_be_written_down(
    hub: Hub, tmp_path: Path
) -> None:
    folder = tmp_path / "voices"
    folder.mkdir()
    (folder / "mine.onnx").write_bytes(b"weights")
    (folder / "mine.onnx.json").write_bytes(b"{}")
    ran = manage(tmp_path, hub.url, "voices", "verify", "mine")
    assert ran.code == 0
    assert "mine.onnx: no checksum stored" in ran.output
    assert "voices accept mine" in ran.output
    manage(tmp_path, hub.url, "voices", "accept", "mine")
    ran = manage(tmp_path, hub.url, "voices", "verify", "mine")
    assert ran.output.count("unchanged") == 2


@pytest.mark.parametrize(
    ("arguments", "settings", "sentence"),
    [
        (["download", "de_DE-thorsen-low"], {}, f"Did you mean `{THORSTEN}`?"),
        (
            ["download", THORSTEN],
            {"OFFLINE": "true"},
            "run the command with OFFLINE=false",
        ),
        (["list", "--all"], {"OFFLINE": "true"}, "run the command with OFFLINE=false"),
        (["verify", "en_US-jo-medium"], {}, f"Did you mean `{JOE}`?"),
        (["accept", JOE], {}, "whose files must be the publisher's"),
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
    manage(tmp_path, hub.url, "voices", *arguments, **settings).check_refusal(sentence)


@pytest.mark.django_db
def test_it_writes_the_installed_voices_to_the_database() -> None:
    first, second = StringIO(), StringIO()
    call_command("voices", "sync", stdout=first)
    assert first.getvalue().startswith("1 added, 0 updated")
    assert Voice.objects.get().name == JOE
    assert len(Voice.objects.get().sha256) == 64
    call_command("voices", "sync", stdout=second)
    assert second.getvalue().startswith("0 added, 1 updated")


@pytest.mark.django_db
def test_the_admin_shows_the_checksum_that_was_accepted(
    tmp_path: Path, settings: Any
) -> None:
    onnx = tmp_path / "mine.onnx"
    onnx.write_bytes(b"weights")
    onnx.with_name("mine.onnx.json").write_bytes(b"{}")
    settings.VOICE = loaded_config(voices_dir=str(tmp_path))
    Voice.objects.create(name="mine")
    call_command("voices", "accept", "mine", stdout=StringIO())
    event = AuditEvent.objects.get()
    assert (event.actor, event.action) == ("local", "accepted")
    assert event.subject == "voice:mine"
    assert Voice.objects.get(name="mine").sha256 == digest_of(onnx)
