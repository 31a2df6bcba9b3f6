"""What the deployment files keep from the server, and from those who talk to it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from common.config import Config, project_dir
from tests.deploy.test_files import DEPLOY, nginx, parsed, unit
from voiceproject.routes.body_limits import MEGABYTE, BodyLimits

SERVICES = sorted(parsed("compose.yaml")["services"])
PIN = DEPLOY / "pin-images.sh"
MOST_EXPOSURE = 2.0
"""Of 10, as systemd-analyze counts."""


def bytes_of(size: str) -> float:
    """Of `512m`, as Docker, systemd and nginx write it."""
    return float(size[:-1]) * 1024.0 ** ("kmg".index(size[-1].lower()) + 1)


# Compose


@pytest.mark.parametrize("name", SERVICES)
def test_compose_confines_every_service(name: str) -> None:
    service = parsed("compose.yaml")["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["pids_limit"] > 0
    assert service["logging"]["options"]["max-size"]


def test_compose_gives_capabilities_only_to_what_starts_as_root() -> None:
    services = parsed("compose.yaml")["services"]
    assert [name for name in SERVICES if "cap_add" in services[name]] == ["database"]
    assert not {"SYS_ADMIN", "NET_ADMIN"} & set(services["database"]["cap_add"])


@pytest.mark.parametrize("name", SERVICES)
def test_compose_bounds_the_memory_of_every_service(name: str) -> None:
    limit = parsed("compose.yaml")["services"][name]["mem_limit"]
    size = re.sub(r"\$\{\w+:-(\w+)\}", r"\1", limit)
    assert 128 * 2**20 <= bytes_of(size) <= 16 * 2**30


@pytest.mark.parametrize("name", sorted({*SERVICES} - {"migrate"}))
def test_compose_checks_the_health_of_what_keeps_running(name: str) -> None:
    service = parsed("compose.yaml")["services"][name]
    from_image = "HEALTHCHECK " in (DEPLOY / "Dockerfile").read_text()
    own = "test" in service.get("healthcheck", {})
    assert own or ("build" in service and from_image)
    assert service["restart"] == "unless-stopped"


def test_compose_gives_uploads_a_place_in_memory() -> None:
    (place,) = parsed("compose.yaml")["services"]["web"]["tmpfs"]
    size = re.search(r"^/tmp:size=(\w+)", place)
    assert size
    assert bytes_of(size[1]) > 2 * Config().upload_max_mb * MEGABYTE


# Images


def images() -> dict[str, str]:
    """The images that can be pinned, by the name of their variable."""
    text = (DEPLOY / "compose.yaml").read_text()
    return dict(re.findall(r"\$\{([A-Z]+_IMAGE):-([^}]+)\}", text))


def test_every_image_can_be_pinned() -> None:
    named = images()
    assert set(named) == {
        *("PYTHON_IMAGE", "POSTGRES_IMAGE"),
        *("REDIS_IMAGE", "OLLAMA_IMAGE"),
    }
    docker = (DEPLOY / "Dockerfile").read_text()
    assert f"ARG PYTHON_IMAGE={named['PYTHON_IMAGE']}\n" in docker
    assert re.findall(r"^FROM (\S+)", docker, re.M) == ["${PYTHON_IMAGE}"] * 2


def pin(folder: Path, digest: str) -> subprocess.CompletedProcess[str]:
    """Run the script where `docker` prints this digest for whatever image."""
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\necho {digest}\n")
    program.chmod(0o755)
    return subprocess.run(
        ["sh", str(PIN), str(folder / ".env")],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )


def test_pinning_adds_digests_and_keeps_the_secrets(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET_KEY=secret\nREDIS_IMAGE=redis:6\n")
    assert pin(tmp_path, f"sha256:{'a' * 64}").returncode == 0
    assert pin(tmp_path, f"sha256:{'b' * 64}").returncode == 0
    lines = (tmp_path / ".env").read_text().splitlines()
    wanted = [f"{name}={image}@sha256:{'b' * 64}" for name, image in images().items()]
    assert sorted(lines) == sorted(["SECRET_KEY=secret", *wanted])
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0


def test_pinning_fails_without_a_digest(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET_KEY=secret\n")
    done = pin(tmp_path, "unknown")
    assert done.returncode != 0
    assert "no digest for" in done.stderr
    assert (tmp_path / ".env").read_text() == "SECRET_KEY=secret\n"


# systemd


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UMask", "0077"),
        ("NoNewPrivileges", "true"),
        ("ProtectSystem", "strict"),
        ("PrivateTmp", "true"),
        ("CapabilityBoundingSet", ""),
        ("SystemCallArchitectures", "native"),
        ("OOMPolicy", "continue"),
    ],
)
def test_the_unit_confines_the_server(name: str, value: str) -> None:
    assert unit()["Service"][name] == value


def test_the_unit_lets_the_server_write_where_its_data_lies() -> None:
    text = (DEPLOY / "earlark.service").read_text()
    writable = unit()["Service"]["ReadWritePaths"].split()
    folders = re.findall(r"^Environment=\w+_DIR=(\S+)", text, re.M)
    assert folders
    assert all(any(Path(f).is_relative_to(w) for w in writable) for f in folders)


def test_the_unit_bounds_memory_above_what_workers_may_grow_to() -> None:
    most = bytes_of(unit()["Service"]["MemoryMax"])
    production = yaml.safe_load((project_dir() / "config.prod.yaml").read_text())
    assert most > production["worker_memory_cap_mb"] * MEGABYTE


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd")
def test_systemd_finds_little_that_the_unit_exposes() -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", DEPLOY / "earlark.service"],
        capture_output=True,
        text=True,
    )
    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) < MOST_EXPOSURE


# Proxies


def locations() -> list[tuple[str, str]]:
    """nginx's locations with what stands between their braces."""
    return re.findall(r"location ([^{]+?) \{([^{}]*)\}", nginx())


def location_of(path: str) -> str:
    """The block that nginx takes: an exact name, an expression, the longest prefix."""
    found = locations()
    for name, inside in found:
        if name == f"= {path}":
            return inside
    for name, inside in found:
        if name.startswith("~ ") and re.search(name[2:], path):
            return inside
    prefixes = [(n, i) for n, i in found if path.startswith(n)]
    return max(prefixes, key=lambda each: len(each[0]))[1]


def nginx_limit_bytes(path: str) -> float:
    own = re.search(r"client_max_body_size (\w+);", location_of(path))
    usual = re.search(r"\n    client_max_body_size (\w+);", nginx())
    assert usual
    return bytes_of((own or usual)[1])


PATHS = (
    *("/tts", "/health", "/health/ready", "/metrics", "/speak/", "/static/css/x.css"),
    *("/v1/listen", "/v1/audio/transcriptions", "/v1/audio/translations"),
    *("/v1/audio/speech", "/v1/speak", "/v1/models", "/admin/login/"),
    *("/admin/tts_app/voice/upload/part/", "/admin/auth/user/add/"),
)


@pytest.mark.parametrize("path", PATHS)
def test_nginx_lets_a_body_pass_that_the_server_takes(path: str) -> None:
    limits = BodyLimits(Config())
    allowed = limits.of(b"POST", path.encode())
    given = nginx_limit_bytes(path)
    if path == "/admin/login/":
        assert given == 16 * 1024
    else:
        assert given >= allowed
    # A little more is refused by the server, in its own words.
    assert given <= max(2.1 * MEGABYTE, 1.1 * allowed)


@pytest.mark.parametrize(
    "path", ["/ws/stt", "/ws/monitor", "/v1/realtime", "/v2/listen"]
)
def test_nginx_takes_no_bodies_for_websockets(path: str) -> None:
    assert nginx_limit_bytes(path) == 1024
    assert "proxy_buffering off;" in location_of(path)


@pytest.mark.parametrize("path", ["/tts", "/v1/speak", "/v1/audio/speech"])
def test_nginx_passes_audio_on_as_it_comes(path: str) -> None:
    assert "proxy_buffering off;" in location_of(path)


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-path.conf"])
def test_nginx_bounds_what_one_address_may_do(name: str) -> None:
    text = nginx(name)
    for zone in ("voice_connections", "voice_requests"):
        assert zone in text
    assert "limit_conn_status 429;" in text
    assert "limit_req_status  429;" in text


def test_nginx_slows_down_who_guesses_passwords() -> None:
    assert "zone=voice_logins" in location_of("/admin/login/")
    assert re.search(r"zone=voice_logins:\w+\s+rate=20r/m;", nginx())


def test_caddy_limits_bodies_as_the_server_does() -> None:
    text, config = (DEPLOY / "Caddyfile").read_text(), Config()
    sizes = dict(re.findall(r"request_body @(\w+) \{\s*max_size (\w+)", text))
    assert sizes == {
        "recording": f"{config.upload_max_mb}MB",
        "upload": f"{config.max_body_mb}MB",
        "other": "2MiB",
    }
    assert text.count("import bodies") == text.count("import earlark") == 2


@pytest.mark.skipif(not shutil.which("caddy"), reason="no Caddy")
def test_caddy_accepts_the_file_where_it_is_installed(tmp_path: Path) -> None:
    done = subprocess.run(
        ["caddy", "adapt", "--config", str(DEPLOY / "Caddyfile"), "--validate"],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
