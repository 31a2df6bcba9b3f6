"""Sockets of accounts that were disabled or lost a role are closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from gateway_app.access.principals import Principal, Role, user_principal
from gateway_app.accounts.guard import AccountGuard
from gateway_app.accounts.roles import role_group
from tests.gateway.sockets.test_connection import Opened
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
async def operator() -> User:
    user = await User.objects.acreate_user("alice", password="long enough to sign in")
    await user.groups.aadd(await asyncio.to_thread(role_group, Role.OPERATOR))
    return user


@pytest.fixture
async def socket(operator: User) -> AsyncIterator[Opened]:
    opened = Opened()

    async def as_operator() -> Principal:
        return await user_principal(operator)

    async with opened(as_operator):
        yield opened


async def closing(opened: Opened) -> list[Any]:
    await AccountGuard(opened.sessions).look()
    return opened.endpoint.sent


async def test_an_account_in_use_keeps_its_sockets(socket: Opened) -> None:
    assert await closing(socket) == []


async def test_a_disabled_account_loses_them(socket: Opened, operator: User) -> None:
    operator.is_active = False
    await operator.asave()
    assert await closing(socket) == [b"ERROR unauthorized", 4401]


async def test_so_does_one_whose_role_allows_less(
    socket: Opened, operator: User
) -> None:
    await operator.groups.aset([await asyncio.to_thread(role_group, Role.READER)])
    assert await closing(socket) == [b"ERROR unauthorized", 4401]


async def test_and_one_that_was_deleted(socket: Opened, operator: User) -> None:
    await operator.adelete()
    assert await closing(socket) == [b"ERROR unauthorized", 4401]


async def test_it_keeps_looking_until_it_is_stopped(
    socket: Opened, operator: User
) -> None:
    guard = AccountGuard(socket.sessions, poll_seconds=0.01)
    await guard.start()
    assert socket.endpoint.sent == []
    operator.is_active = False
    await operator.asave()
    await until(lambda: 4401 in socket.endpoint.sent)
    await guard.stop()


async def test_sockets_without_an_account_stay(operator: User) -> None:
    opened = Opened()
    async with opened():
        assert await closing(opened) == []
