"""The deployment files: they parse, and what they name exists."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.config import Config, project_dir
from common.telemetry import SWITCHES

DEPLOY = project_dir() / "deploy"
SECRETS = ("SECRET_KEY", "ALLOWED_HOSTS", "API_KEYS")
PACKAGES = (
    *("common", "compat_app", "llm", "gateway_app", "stt_app", "tts_app"),
    "voiceproject",
)


def parsed(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text())
    return loaded


def instructions(name: str) -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their arguments, lines joined."""
    text = (DEPLOY / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


def is_setting(variable: str) -> bool:
    return variable == "CONFIG_PATH" or variable.lower() in Config.model_fields


# Dockerfile


def copied() -> list[str]:
    """What comes from the project's folder."""
    arguments = [
        rest.split() for word, rest in instructions("Dockerfile") if word == "COPY"
    ]
    return [path for each in arguments if "--from" not in each[0] for path in each[:-1]]


def test_the_image_copies_only_what_exists() -> None:
    assert [path for path in copied() if not (project_dir() / path).exists()] == []


def test_the_image_holds_every_room_and_what_it_reads() -> None:
    needed = {*PACKAGES, "manage.py", "CHANGELOG.md", "templates", "static"}
    assert needed <= set(copied())


def test_nothing_that_is_copied_is_ignored() -> None:
    ignored = (project_dir() / ".dockerignore").read_text().split()
    assert not set(ignored) & {path.split("/")[0] for path in copied()}
    assert {"data", ".env", ".git"} <= set(ignored)


def test_the_image_runs_as_a_user_of_its_own() -> None:
    words = [word for word, _ in instructions("Dockerfile")]
    assert words.count("FROM") == 2
    assert words.index("USER") < words.index("CMD")
    assert dict(instructions("Dockerfile"))["USER"] != "root"


def test_the_image_opens_its_ports() -> None:
    found = dict(instructions("Dockerfile"))["EXPOSE"].split()
    config = Config()
    ports = (config.tts_port, config.stt_port, config.wyoming_port)
    assert found == [str(port) for port in ports]


def test_the_images_environment_is_made_of_settings() -> None:
    others = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", *SWITCHES}
    names = re.findall(r"([A-Z_]+)=", dict(instructions("Dockerfile"))["ENV"])
    assert [n for n in names if n not in others and not is_setting(n)] == []


@pytest.mark.parametrize("switch", SWITCHES)
def test_the_image_turns_telemetry_off_for_every_process(switch: str) -> None:
    # The compose files build this image, so their services have it too.
    assert f"{switch}=1" in dict(instructions("Dockerfile"))["ENV"].split()


def test_the_image_asks_itself_how_it_is() -> None:
    check = dict(instructions("Dockerfile"))["HEALTHCHECK"]
    assert "/health/live" in check
    program = re.search(r'"-c", "(.*)"\]', check)
    assert program
    compile(program[1], "HEALTHCHECK", "exec")


# Compose


@pytest.mark.parametrize("name", ["compose.yaml", "compose.gpu.yaml"])
def test_compose_services_name_services_and_volumes_that_exist(name: str) -> None:
    base, given = parsed("compose.yaml"), parsed(name)
    assert given["services"]
    assert set(given["services"]) <= set(base["services"])
    for service in given["services"].values():
        assert set(service.get("depends_on", {})) <= set(base["services"])
        named = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert named <= set(base["volumes"])


def test_compose_builds_from_a_file_that_exists() -> None:
    build = parsed("compose.yaml")["services"]["web"]["build"]
    context = DEPLOY / build["context"]
    assert (context / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"


def test_compose_brings_a_database_redis_and_ollama() -> None:
    services = parsed("compose.yaml")["services"]
    assert {"web", "migrate", "database", "redis", "ollama"} == set(services)


@pytest.mark.parametrize("name", ["compose.yaml", "compose.gpu.yaml"])
def test_compose_sets_only_settings_that_exist(name: str) -> None:
    environment = parsed(name)["services"]["web"]["environment"]
    assert [variable for variable in environment if not is_setting(variable)] == []


@pytest.mark.parametrize("secret", SECRETS)
def test_compose_does_not_start_without_a_secret(secret: str) -> None:
    value = parsed("compose.yaml")["services"]["web"]["environment"][secret]
    assert value.startswith(f"${{{secret}:?")


def test_compose_lets_the_health_check_in() -> None:
    environment = parsed("compose.yaml")["services"]["web"]["environment"]
    assert environment["ALLOWED_HOSTS"].endswith(",localhost")


def test_compose_gives_the_server_time_to_finish() -> None:
    period = parsed("compose.yaml")["services"]["web"]["stop_grace_period"]
    assert float(period.removesuffix("s")) > Config().shutdown_grace_seconds


# systemd


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / "earlark.service")
    return parser


def test_the_unit_starts_the_server() -> None:
    service = unit()["Service"]
    assert service["ExecStart"].endswith("/.venv/bin/python manage.py serve")
    assert service["User"] not in ("root", "0")
    assert float(service["TimeoutStopSec"]) > Config().shutdown_grace_seconds


def test_the_units_environment_is_made_of_settings() -> None:
    text = (DEPLOY / "earlark.service").read_text()
    names = re.findall(r"^Environment=([A-Z_]+)=", text, re.MULTILINE)
    assert names
    assert [n for n in names if n not in SWITCHES and not is_setting(n)] == []


@pytest.mark.parametrize("switch", SWITCHES)
def test_the_unit_turns_telemetry_off(switch: str) -> None:
    text = (DEPLOY / "earlark.service").read_text()
    assert f"Environment={switch}=1\n" in text


def test_the_unit_holds_no_secret() -> None:
    text = (DEPLOY / "earlark.service").read_text()
    assert not re.search(r"^Environment=(SECRET_KEY|API_KEYS)", text, re.MULTILINE)
    assert unit()["Service"]["EnvironmentFile"] == "/etc/earlark.env"


def test_systemd_finds_nothing_wrong_where_it_is_installed(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        return  # the tests above still read the file
    text = (DEPLOY / "earlark.service").read_text()
    runnable = tmp_path / "earlark.service"
    runnable.write_text(text.replace("/opt/earlark/.venv/bin/python", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(runnable)], capture_output=True, text=True
    )
    assert "earlark.service:" not in done.stderr


# nginx


def nginx(name: str = "nginx.conf") -> str:
    text = (DEPLOY / name).read_text()
    return "\n".join(line.partition("#")[0] for line in text.splitlines())


def block(opening: str) -> str:
    """What stands between the braces after the opening words."""
    found = re.search(re.escape(opening) + r"\s*\{([^{}]*)\}", nginx())
    assert found, opening
    return found[1]


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-path.conf"])
def test_nginx_braces_and_semicolons_are_in_order(name: str) -> None:
    text = nginx(name)
    assert text.count("{") == text.count("}")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert [line for line in lines if line[-1] not in ";{}"] == []


def test_proxies_remove_the_path_that_the_server_is_told() -> None:
    # nginx removes the path only if the address of `proxy_pass` has one, if only `/`.
    assert "proxy_pass http://127.0.0.1:8000/;" in nginx("nginx-path.conf")
    assert "location /voice/ {" in nginx("nginx-path.conf")
    assert "handle_path /voice/* {" in (DEPLOY / "Caddyfile").read_text()


def test_nginx_passes_websockets_and_the_client_on() -> None:
    text = re.sub(r" +", " ", nginx())
    assert "proxy_set_header Upgrade $http_upgrade;" in text
    assert "proxy_set_header Connection $voice_connection;" in text
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in text
    assert "proxy_set_header Host $http_host;" in text


@pytest.mark.parametrize("location", ["location = /tts", "location = /ws/stt"])
def test_nginx_does_not_hold_audio_back(location: str) -> None:
    assert "proxy_buffering off;" in block(location)


def test_nginx_allows_bodies_as_large_as_the_server() -> None:
    assert f"client_max_body_size {Config().max_body_mb}m;" in nginx()


def test_nginx_waits_longer_than_a_ping_and_than_a_request() -> None:
    def seconds(location: str) -> float:
        found = re.search(r"proxy_read_timeout (\d+)s;", block(location))
        assert found
        return float(found[1])

    assert seconds("location = /tts") > Config().tts_request_timeout
    assert seconds("location = /ws/stt") > 2 * Config().ping_interval_seconds


def test_nginx_knows_every_upstream_that_it_passes_to() -> None:
    text = nginx()
    named = set(re.findall(r"proxy_pass http://(\w+);", text))
    assert named == set(re.findall(r"upstream (\w+)", text))


def test_nginx_accepts_the_file_where_it_is_installed(tmp_path: Path) -> None:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not program:
        return  # the tests above still read the file
    # Its certificate is not here, and listening is not what is tested.
    text = re.sub(r"^\s*ssl_certificate.*$", "", nginx(), flags=re.MULTILINE)
    text = text.replace("443 ssl http2", "8443").replace("listen 80;", "listen 8080;")
    below = nginx("nginx-path.conf")
    text += f"server {{ listen 8081; server_name www.example.com; {below} }}"
    (tmp_path / "voice.conf").write_text(text)
    main, kinds = tmp_path / "nginx.conf", ("proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
    main.write_text(
        f"events {{}}\npid {tmp_path}/pid;\nerror_log {tmp_path}/log;\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path}/body; {folders}\n"
        f"include {tmp_path}/voice.conf; }}\n"
    )
    done = subprocess.run(
        [program, "-t", "-c", str(main)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([], "serve"),
        (["HOST=0.0.0.0"], "serve --host 0.0.0.0"),
        (["PORT=9000"], "serve --port 9000"),
    ],
)
def test_make_run_leaves_the_address_to_the_configuration(
    given: list[str], wanted: str
) -> None:
    """Without HOST and PORT, `tts_host` and `tts_port` apply."""
    cleared = {k: v for k, v in os.environ.items() if k not in ("HOST", "PORT")}
    shown = subprocess.run(
        ["make", "--dry-run", "run", *given],
        cwd=project_dir(),
        env=cleared,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    command = next(line for line in shown.splitlines() if "manage.py serve" in line)
    assert " ".join(command.split()).endswith(f"manage.py {wanted}")
