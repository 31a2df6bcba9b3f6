"""Every start that fails says why in one sentence, with what to do, and no traceback."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from common.config import project_dir
from tests.runner.command_server import Ran, manage
from tests.server_process import free_port, server_environment

pytestmark = [pytest.mark.server, pytest.mark.timeout(400)]

ENGINES = "tests.project.fake_engines"
FAKES: dict[str, Any] = {
    "stt_engine": f"{ENGINES}:Stt",
    "tts_engine": f"{ENGINES}:Tts",
    "llm_backend": "none",
    "wyoming_port": 0,
    "offline": True,
}


def last_line(code: int, output: str) -> str:
    """Of a start that fails as it should."""
    assert (code, "Traceback" in output) == (1, False), output
    return output.strip().splitlines()[-1]


def refused(data: Path, **given: Any) -> str:
    """What the command writes about settings that it cannot use."""
    chosen = {**FAKES, "data_dir": data, **given}
    done = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=project_dir(),
        env={**os.environ, **server_environment(chosen)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    last_line(done.returncode, done.stderr)
    return done.stderr


def test_it_names_every_setting_that_cannot_be_used(tmp_path: Path) -> None:
    output = refused(
        tmp_path, whisper_compute_type="int9", tts_port="many", root_path="/api"
    )
    for sentence in (
        "WHISPER_COMPUTE_TYPE is 'int9'; it must",
        "environment TTS_PORT is 'many'",
        "choose another, such as `/voice`",
    ):
        assert sentence in output


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"environment": "production"}, "API_KEYS"),
        ({"data_dir": "/dev/null/data"}, "cannot be made: Not a directory. Choose"),
        ({"config_path": "/dev/null/config"}, "is not a file: correct it, or remove"),
        ({"database_url": "nonsense"}, "must begin with `postgres://` or `sqlite"),
    ],
)
def test_it_refuses_settings_with_one_sentence(
    tmp_path: Path, settings: dict[str, Any], sentence: str
) -> None:
    assert sentence in refused(tmp_path, **settings)


def test_it_names_a_configuration_that_cannot_be_read(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("whisper_model_name: [base\n")
    (line,) = refused(tmp_path, config_path=config).strip().splitlines()[1:]
    assert f"{config} cannot be read: " in line
    assert line.endswith("Correct the file or its permissions.")


def test_it_names_a_disk_that_is_full(tmp_path: Path) -> None:
    (tmp_path / "secret_key").symlink_to("/dev/full")
    assert (
        f"The secret key cannot be kept in {tmp_path}/secret_key: No space left on "
        "device. Make that possible, or choose another folder with DATA_DIR."
    ) in refused(tmp_path)


def started(settings: dict[str, Any], arguments: list[str]) -> Ran:
    """Start the server with these settings, from what is imported already."""
    chosen = {**FAKES, "tts_port": free_port(), **settings}
    return manage("serve", *arguments, **server_environment(chosen))


@pytest.fixture
def fails(tmp_path: Path) -> Callable[..., str]:
    """The last line of a start that fails as it should."""

    def fail(*arguments: str, **settings: Any) -> str:
        ran = started({"data_dir": tmp_path, **settings}, [*arguments])
        return last_line(ran.code, ran.errors)

    return fail


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"stt_engine": "siri"}, "`stt_engine` is `siri`: use `whisper`, `http` or"),
        ({"tts_engine": "no.such:Engine"}, "which cannot be imported"),
        ({"whisper_lang": "klingon"}, "`whisper_lang` is `klingon`: it must be"),
        ({"system_prompt_path": "/no/such"}, "`system_prompt_path` names /no/such"),
        ({"tts_host": "192.0.2.1"}, "Set `tts_host` to an address of this machine."),
        (
            {"tts_engine": "piper", "piper_model_path": "en_US-nobody-low"},
            "Fix it with: OFFLINE=false python manage.py voices download en_US-nobody",
        ),
        (
            {"stt_engine": "whisper", "whisper_model_name": "./nowhere"},
            "which holds no model.bin: correct the path",
        ),
        ({"stt_engine": f"{ENGINES}:BrokenStt"}, "LOG_LEVEL=DEBUG shows where this"),
        ({"stt_engine": f"{ENGINES}:UnreadableStt"}, "may read and write it"),
    ],
)
def test_it_says_why_it_cannot_start(
    fails: Callable[..., str], settings: dict[str, Any], sentence: str
) -> None:
    assert sentence in fails("--no-migrate", **settings)


def test_it_names_a_port_that_is_taken(fails: Callable[..., str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert fails("--no-migrate", tts_port=port) == (
            f"Cannot listen on 127.0.0.1:{port}: Address already in use. "
            "End the program that uses it, or set `tts_port` to another port."
        )
        # As a platform that starts servers names it; a flag wins over both.
        assert f"Cannot listen on 127.0.0.1:{port}" in fails("--no-migrate", port=port)
        flag = ("--no-migrate", "--port", str(port))
        assert f"Cannot listen on 127.0.0.1:{port}" in fails(*flag, port=free_port())


def test_it_names_a_database_that_is_none_or_newer_or_cannot_be_made(
    fails: Callable[..., str], tmp_path: Path
) -> None:
    assert "Check that its folder exists" in fails(data_dir="/no/such/folder")
    file = tmp_path / "voice.sqlite3"
    file.write_text("This is a text, and it is long enough to be looked at. " * 20)
    assert f"{file} cannot be used: file is not a database" in fails()
    file.unlink()
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(
            "CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT, "
            "name TEXT, applied TEXT)"
        )
        database.execute(
            "INSERT INTO django_migrations VALUES (1, 'gateway_app', '0099_later', "
            "'2030-01-01')"
        )
    sentence = fails()
    assert "was written by a newer version" in sentence
    assert "gateway_app.0099_later" in sentence
