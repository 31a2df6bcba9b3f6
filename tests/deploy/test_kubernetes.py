"""The Kubernetes example: it probes what exists, and confines as Compose does."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from common.config import Config
from gateway_app.access.routes import Opening
from tests.deploy.test_files import DEPLOY, SECRETS
from voiceproject.routes.table import ROUTES

PARTS: dict[str, dict[str, Any]] = {
    part["kind"]: part
    for part in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
}
POD: dict[str, Any] = PARTS["Deployment"]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]


@pytest.mark.parametrize("name", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_a_probe_needs_no_key(name: str) -> None:
    asked = CONTAINER[name]["httpGet"]
    assert ROUTES.of("GET", asked["path"]).needs is Opening.PUBLIC
    assert asked["port"] in {port["name"] for port in CONTAINER["ports"]}


def test_a_server_that_loads_or_drains_is_not_restarted() -> None:
    for name in ("startupProbe", "livenessProbe"):
        assert CONTAINER[name]["httpGet"]["path"] == "/health/live"
    assert CONTAINER["readinessProbe"]["httpGet"]["path"] == "/health/ready"


def test_it_gives_the_server_time_to_finish() -> None:
    pause = int(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
    needed = pause + Config().shutdown_grace_seconds
    assert POD["terminationGracePeriodSeconds"] > needed


def test_its_comment_makes_every_secret() -> None:
    text = (DEPLOY / "kubernetes.yaml").read_text()
    assert all(f"--from-literal={name}=" in text for name in SECRETS)
    secret = CONTAINER["envFrom"][0]["secretRef"]["name"]
    assert f"create secret generic {secret} " in text


def test_it_confines_the_server_as_compose_does() -> None:
    context = CONTAINER["securityContext"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    docker = (DEPLOY / "Dockerfile").read_text()
    assert f"useradd --uid {POD['securityContext']['runAsUser']} " in docker
    mounted = {each["mountPath"]: each["name"] for each in CONTAINER["volumeMounts"]}
    assert mounted["/data"] == "data"
    assert set(mounted.values()) == {volume["name"] for volume in POD["volumes"]}


def test_its_service_finds_the_server() -> None:
    labels = PARTS["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert PARTS["Service"]["spec"]["selector"] == labels
    claim = POD["volumes"][0]["persistentVolumeClaim"]["claimName"]
    assert claim == PARTS["PersistentVolumeClaim"]["metadata"]["name"]
