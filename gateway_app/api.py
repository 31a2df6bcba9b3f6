"""HTTP: health, metrics and the usage of the caller."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from common.metrics import REGISTRY
from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.requests import scope_of
from gateway_app.services import gateway_services
from gateway_app.usage.own import own_usage

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


class UsageOut(Schema):
    """What the caller has used today, and what is left."""

    day: date = Field(description="Today in UTC.")
    resets_in_seconds: int = Field(description="Until the next day begins.")
    used: dict[str, float] = Field(
        description="`requests`, `errors`, `sessions`, `audio_in_seconds`, "
        "`audio_out_seconds`, `llm_tokens_in` and `llm_tokens_out` of today."
    )
    limits: dict[str, int | None] = Field(
        description="`sessions`, `requests_per_minute`, `audio_in_seconds_per_day`, "
        "`audio_out_seconds_per_day`, `llm_tokens_per_day`; null is no limit."
    )
    left: dict[str, int | None] = Field(
        description="What is left of those limits: of this minute's requests, and of "
        "this day's quotas."
    )


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


@router.api_operation(["HEAD"], "/health/live", include_in_schema=False)
async def live_head(request: HttpRequest) -> dict[str, str]:
    """Some balancers ask for the head only."""
    return await live(request)


@router.get(
    "/health/ready",
    response={200: ProbeOut, 503: ProbeOut},
    url_name="health_ready",
    summary="Readiness",
)
async def ready(request: HttpRequest) -> Status[dict[str, str]]:
    """Readiness: engines are loaded and the server is not shutting down. Needs no key,
    and says one word only."""
    report = gateway_services(scope_of(request)).health.at_a_glance()
    return Status(200 if report.ready else 503, {"status": report.readiness})


@router.api_operation(
    ["HEAD"],
    "/health/ready",
    response={200: ProbeOut, 503: ProbeOut},
    include_in_schema=False,
)
async def ready_head(request: HttpRequest) -> Status[dict[str, str]]:
    """Some balancers ask for the head only."""
    return await ready(request)


@router.get(
    "/usage",
    response=UsageOut,
    url_name="usage",
    summary="Your usage of today",
)
async def usage(request: HttpRequest) -> dict[str, Any]:
    """What the caller itself has used today, its limits, and what is left of them."""
    scope = scope_of(request)
    gateway = gateway_services(scope)
    return await own_usage(
        gateway.access, gateway.meter, principal_of(request), client_address(scope)
    )


@router.get("/metrics", url_name="metrics", summary="Prometheus metrics")
async def metrics(request: HttpRequest) -> HttpResponse:
    """Every metric in Prometheus' text format."""
    gateway = gateway_services(scope_of(request))
    gateway.figures.refresh_gauges(await gateway.health.examine())
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
