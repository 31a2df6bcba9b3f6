"""The alert rules name only metrics and labels that the server has."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from common.config import project_dir
from common.metrics import REGISTRY

_SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
}
_FROM_PROMETHEUS = {"instance", "job", "le"}


def rules() -> list[dict[str, Any]]:
    text = (project_dir() / "deploy" / "alerts.yaml").read_text()
    (group,) = yaml.safe_load(text)["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def labels_of_metrics() -> dict[str, set[str]]:
    """The labels of each name that a scrape shows."""
    return {
        family.name + suffix: set(getattr(collector, "_labelnames", ()))
        for collector in list(REGISTRY._collector_to_names)
        for family in collector.collect()
        for suffix in _SUFFIXES[family.type]
    }


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_names_what_exists(rule: dict[str, Any]) -> None:
    known, expression = labels_of_metrics(), rule["expr"]
    names = set(re.findall(r"\bvoice_\w+", expression))
    assert names <= set(known)
    own = set().union(*(known[name] for name in names), _FROM_PROMETHEUS)
    selected = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression)
    grouped = re.findall(r"by \(([^)]*)\)", expression)
    used = {*selected, *(each.strip() for part in grouped for each in part.split(","))}
    assert used <= own
    shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert shown <= own
    assert rule["labels"]["severity"] in ("page", "warn")


@pytest.mark.parametrize(
    "metric",
    [
        "voice_refused_connections_total",
        "voice_failed_logins_total",
        "voice_oldest_job_seconds",
        "voice_history_waiting",
        "voice_history_dropped_total",
        "voice_worker_restarts_total",
        "voice_disk_free_bytes",
        "voice_stage_seconds_bucket",
        "voice_ready",
        "voice_llm_circuit_open",
    ],
)
def test_a_rule_watches(metric: str) -> None:
    assert any(metric in rule["expr"] for rule in rules())


def test_no_two_rules_share_a_name() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
