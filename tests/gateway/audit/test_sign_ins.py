"""Sign-ins and sign-outs in the audit log, and failures that a flood cannot multiply."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from django.test import Client

from gateway_app.access.quotas import Kind
from gateway_app.audit.failures import MAX_ADDRESSES, FailureLog
from gateway_app.models import AuditEvent
from gateway_app.services import GatewayServices

LOGIN = "/admin/login/"
NOON = datetime(2026, 11, 28, 12, 0, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


class Minutes:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


async def written() -> list[tuple[str, str, dict[str, Any]]]:
    events = AuditEvent.objects.filter(action="sign_in_failed").order_by("pk")
    return [(event.client, event.subject, event.details) async for event in events]


def test_it_records_who_signs_in_and_out() -> None:
    user = User.objects.create_superuser("root")
    client = Client()
    client.force_login(user)
    client.post("/admin/logout/")
    client.post("/admin/logout/")
    events = AuditEvent.objects.order_by("pk")
    assert [(event.actor, event.action) for event in events] == [
        (f"user:{user.pk}", "signed_in"),
        (f"user:{user.pk}", "signed_out"),
    ]
    assert {event.actor_name for event in events} == {"root"}


async def test_failures_are_one_row_for_an_address_and_a_minute() -> None:
    await User.objects.acreate(username="alice")
    clock = Minutes()
    log = FailureLog(clock)
    for account in ("alice", "hunter2, typed into the wrong field", "alice"):
        log.failed(Kind.PASSWORD, "192.0.2.7", account)
    log.failed(Kind.KEY, "192.0.2.7")
    await log.stop()
    assert await written() == [
        ("192.0.2.7", "password", {"count": 3, "accounts": "alice"}),
        ("192.0.2.7", "key", {"count": 1}),
    ]
    log.failed(Kind.KEY, "192.0.2.7")
    await log.stop()
    clock.time += timedelta(minutes=1)
    log.failed(Kind.KEY, "192.0.2.7")
    await log.stop()
    keys = [row for row in await written() if row[1] == "key"]
    assert [details for _, _, details in keys] == [{"count": 2}, {"count": 1}]


async def test_a_flood_does_not_fill_the_table() -> None:
    log = FailureLog(Minutes())
    for number in range(5_000):
        log.failed(Kind.KEY, f"10.0.{number // 250}.{number % 250}")
    log.failed(Kind.KEY, "2001:db8::1")
    await log.stop()
    rows = await written()
    assert len(rows) == MAX_ADDRESSES + 1
    assert rows[-1] == ("others", "key", {"count": 5_001 - MAX_ADDRESSES})


async def test_wrong_keys_and_passwords_arrive_in_the_log(
    make_services: Any, client_for: Any
) -> None:
    await User.objects.acreate(username="root")
    services = make_services(api_keys=["right"])
    async with client_for(services) as client:
        await client.get("/voices", headers={"X-API-Key": "wrong"})
        await client.get("/voices", headers={"X-API-Key": "right"})
        await sign_in(client, "root")
    listener = services[GatewayServices].access.failures.listener
    assert isinstance(listener, FailureLog)
    await listener.stop()
    assert sorted(await written()) == [
        ("127.0.0.1", "key", {"count": 1}),
        ("127.0.0.1", "password", {"count": 1, "accounts": "root"}),
    ]


async def sign_in(client: httpx.AsyncClient, name: str) -> None:
    await client.get(LOGIN)
    token = client.cookies["csrftoken"]
    await client.post(
        LOGIN,
        data={
            "username": name,
            "password": "wrong",
            "csrfmiddlewaretoken": token,
        },
    )
