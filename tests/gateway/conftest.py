"""Fixtures of the front desk: applications with other settings, and people signed in."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import Client
from django.urls import re_path

from tests.fake_services import FakeServices
from tests.patient_socket import PatientSocket
from voiceproject.asgi import build_application


@pytest.fixture
def client_for(
    make_services: Callable[..., FakeServices], transactional_db: None
) -> Callable[..., Any]:
    """`async with client_for(api_keys=["k"]) as client`: the application so configured."""

    @contextlib.asynccontextmanager
    async def build(
        services: FakeServices | None = None, **changes: Any
    ) -> AsyncIterator[httpx.AsyncClient]:
        application = build_application(services or make_services(**changes))
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost"
        ) as client:
            yield client

    return build


@pytest.fixture
def socket_to() -> Callable[..., Any]:
    """`async with socket_to(Consumer, services) as socket`: one consumer, no routes."""

    @contextlib.asynccontextmanager
    async def connect(
        consumer: Any,
        services: FakeServices,
        headers: list[tuple[bytes, bytes]] | None = None,
        **options: Any,
    ) -> AsyncIterator[WebsocketCommunicator]:
        routed = AuthMiddlewareStack(URLRouter([re_path("", consumer.as_asgi())]))

        async def application(scope: Any, receive: Any, send: Any) -> None:
            await routed({**scope, "state": services}, receive, send)

        headers = [(b"host", b"localhost"), *(headers or [])]
        socket = PatientSocket(application, "/", headers=headers, **options)
        connected, socket.subprotocol = await socket.connect()
        assert connected
        try:
            yield socket
        finally:
            await socket.disconnect()

    return connect


@pytest.fixture
async def session_cookie(transactional_db: None) -> str:
    """The session cookie of somebody who has signed in."""

    def sign_in() -> str:
        client = Client()
        client.force_login(User.objects.create_user("alice"))
        return str(client.cookies["sessionid"].value)

    return str(await database_sync_to_async(sign_in)())
