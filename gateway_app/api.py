"""HTTP: health and metrics."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from common.metrics import REGISTRY
from gateway_app.requests import scope_of
from gateway_app.services import gateway_services

router = Router(tags=["Operation"])


class HealthOut(Schema):
    """Whether the server works, and the state of each component."""

    status: str
    failing: list[str]
    whisper_loaded: bool
    ollama: bool
    environment: str
    version: str
    parts: dict[str, dict[str, Any]]


class ProbeOut(Schema):
    """The response of a probe."""

    status: str


@router.get(
    "/health",
    response={200: HealthOut, 503: HealthOut},
    url_name="health",
    summary="State of every component",
)
async def health(request: HttpRequest) -> Status[dict[str, Any]]:
    """200 if the server works; otherwise 503 with the failing components."""
    health = gateway_services(scope_of(request)).health
    report = await health.examine()
    return Status(report.http_status, health.body(report))


@router.get(
    "/health/live",
    response=ProbeOut,
    url_name="health_live",
    summary="Liveness",
)
async def live(request: HttpRequest) -> dict[str, str]:
    """Liveness: the process answers. Needs no key."""
    return {"status": "ok"}


@router.get(
    "/health/ready",
    response={200: ProbeOut, 503: ProbeOut},
    url_name="health_ready",
    summary="Readiness",
)
async def ready(request: HttpRequest) -> Status[dict[str, str]]:
    """Readiness: engines are loaded and the server is not shutting down."""
    report = await gateway_services(scope_of(request)).health.examine()
    return Status(200 if report.ready else 503, {"status": report.readiness})


@router.get("/metrics", url_name="metrics", summary="Prometheus metrics")
async def metrics(request: HttpRequest) -> HttpResponse:
    """Every metric in Prometheus' text format."""
    gateway = gateway_services(scope_of(request))
    gateway.figures.refresh_gauges(await gateway.health.examine())
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
