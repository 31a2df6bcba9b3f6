"""Keys of the database at the access control: who comes in, from where, until when."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from common.errors import Forbidden, TooMany, Unauthorized, Unavailable
from gateway_app.access.authentication import AccessControl
from gateway_app.access.counters import Counters
from gateway_app.access.principals import ANONYMOUS, LOCAL, Limits, Principal, Scope
from gateway_app.keys.directory import DatabaseKeys
from gateway_app.keys.models import ApiKey, KeySecret
from gateway_app.keys.store import (
    create_key,
    delete_key,
    revoke_key,
    revoke_secret,
    rotate,
)
from gateway_app.models import AuditEvent
from gateway_app.sockets.sessions import SessionRegistry
from tests.fake_services import loaded_config

pytestmark = pytest.mark.usefixtures("transactional_db")
WRONG = "The API key is not valid."


class Clock:
    def __init__(self) -> None:
        self.ahead_seconds = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_seconds


class House:
    """The keys, and the access control that uses them."""

    def __init__(self, **changes: Any) -> None:
        self.clock = Clock()
        self.keys = DatabaseKeys(SessionRegistry(), self.clock)
        config = loaded_config(**changes).config
        self.access = AccessControl(config, Counters(), [self.keys])

    async def make(
        self, name: str = "kitchen", scopes: tuple[str, ...] = ("tts",), **more: Any
    ) -> tuple[ApiKey, str]:
        made = await self.do(create_key, name, scopes, **more)
        return made[0], made[1]

    async def do(self, work: Any, *values: Any, **more: Any) -> Any:
        done = await database_sync_to_async(work)(LOCAL.id, *values, **more)
        await self.keys.refresh()
        return done

    async def ask(self, key: str, address: str = "10.0.0.1", origin: str = "") -> Any:
        headers = [(b"x-api-key", key.encode()), (b"origin", origin.encode())]
        scope = {"headers": headers, "client": (address, 1)}
        return await self.access.authenticate(scope)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    await house.keys.refresh()
    yield house
    await house.keys.stop()


async def test_the_first_key_closes_the_door_and_a_revoked_one_keeps_it_closed(
    house: House,
) -> None:
    assert await house.ask("") == await house.ask("anything") == ANONYMOUS
    key, secret = await house.make(limits=Limits(sessions=3))
    principal = await house.ask(secret)
    assert principal == Principal(
        key.principal,
        "key",
        "kitchen",
        frozenset({Scope.SPEAK}),
        Limits(sessions=3),
        secret[:16],
    )
    with pytest.raises(Unauthorized, match="required"):
        await house.ask("")
    await house.do(revoke_key, key)
    with pytest.raises(Unauthorized, match="required"):
        await house.ask("")
    await house.do(delete_key, key)
    assert await house.ask("") == ANONYMOUS


async def test_a_key_may_have_no_limit_where_the_server_has_one() -> None:
    house = House(principal_requests_per_minute=1)
    _, usual = await house.make()
    _, free = await house.make("office", limits=Limits(requests_per_minute=0))
    for _ in range(3):
        assert (await house.ask(free)).name == "office"
    await house.ask(usual)
    with pytest.raises(TooMany):
        await house.ask(usual)


async def test_a_production_server_stays_closed_without_any_key() -> None:
    house = House(environment="production")
    await house.keys.refresh()
    with pytest.raises(Unauthorized):
        await house.ask("")


async def test_nobody_is_let_in_before_the_keys_were_read() -> None:
    house = House()
    with pytest.raises(Unavailable):
        await house.ask("")


async def test_wrong_unknown_expired_and_revoked_keys_get_the_same_words(
    house: House,
) -> None:
    soon = timezone.now() + timedelta(seconds=60)
    _, expired = await house.make("a", expires_at=soon)
    revoked_key, revoked = await house.make("b")
    assert await house.ask(expired)
    house.clock.ahead_seconds = 61
    await house.do(revoke_key, revoked_key)
    for key in (expired, revoked, expired[:-1] + "x", "earlark_unknown", "guess"):
        with pytest.raises(Unauthorized) as caught:
            await house.ask(key)
        assert caught.value.message == WRONG


async def test_a_key_has_two_secrets_while_it_is_rotated(house: House) -> None:
    key, old = await house.make()
    new = await house.do(rotate, key)
    assert (await house.ask(old)).id == (await house.ask(new)).id == key.principal
    with pytest.raises(ValidationError, match="already has 2"):
        await house.do(rotate, key)
    secret = await KeySecret.objects.aget(prefix=old[:16])
    await house.do(revoke_secret, secret)
    assert (await house.ask(new)).id == key.principal
    with pytest.raises(Unauthorized):
        await house.ask(old)


async def test_it_says_what_is_wrong_with_the_place_of_a_right_key(
    house: House,
) -> None:
    _, at_home = await house.make("a", addresses=["192.0.2.0/24", "2001:db8::/32"])
    for address in ("192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7"):
        assert await house.ask(at_home, address)
    with pytest.raises(Forbidden, match=r"address 10\.0\.0\.1"):
        await house.ask(at_home)
    _, page = await house.make("b", origins=["https://app.example"])
    assert await house.ask(page, origin="https://app.example:443")
    for origin in ("https://evil.example", "http://app.example", "null", ""):
        with pytest.raises(Forbidden, match="origins"):
            await house.ask(page, origin=origin)


async def test_it_writes_the_last_use_in_batches_and_once_a_minute(
    house: House,
) -> None:
    key, secret = await house.make()
    await house.ask(secret)
    assert (await KeySecret.objects.aget(key=key)).last_used_at is None
    await house.keys.write_last_use()
    first = (await KeySecret.objects.aget(key=key)).last_used_at
    assert first is not None
    house.clock.ahead_seconds = 30
    await house.ask(secret)
    await house.keys.write_last_use()
    assert (await KeySecret.objects.aget(key=key)).last_used_at == first
    house.clock.ahead_seconds = 62
    await house.ask(secret)
    await house.keys.write_last_use()
    second = (await KeySecret.objects.aget(key=key)).last_used_at
    assert second is not None and second > first


def test_the_command_makes_a_key_once_and_tells_what_that_means() -> None:
    def run(*words: str) -> str:
        said = io.StringIO()
        call_command("keys", *words, stdout=said, no_color=True)
        return said.getvalue()

    said = run("create", "app", "--scopes", "stt,tts", "--sessions", "4")
    secret = next(line for line in said.splitlines() if line.startswith("earlark_"))
    assert "from now on every caller needs a key" in said
    assert "first" not in run("create", "b", "--scopes", "chat", "--expires", "90d")
    assert secret[:16] in run("show", "app")
    listed = run("list")
    assert "valid" in listed and secret not in listed
    run("change", "app", "--scopes", "tts", "--addresses", "192.0.2.1")
    assert "192.0.2.1" in run("show", "app")
    assert secret[:16] in run("rotate", "app")
    run("revoke", "app", "--secret", secret[:16])
    assert f"{secret[:16]}, revoked" in run("show", "app")
    run("revoke", "b")
    run("delete", "b")
    assert "open to everyone" in run("delete", "app")
    events = AuditEvent.objects.order_by("pk").values_list("action", "subject")
    assert [action for action, subject in events if subject == "apikey:app"] == [
        *("created", "changed", "rotated", "revoked", "deleted")
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("create", "a", "--scopes", "sst"), "no scope `sst`"),
        (("create", "a", "--scopes", ""), "at least one"),
        (("create", "a", "--scopes", "tts", "--expires", "soon"), "neither a span"),
        (("create", "a", "--scopes", "tts", "--addresses", "here"), "not an address"),
        (("create", "a", "--scopes", "tts", "--origins", "a.example"), "not an origin"),
        (("create", "here", "--scopes", "tts"), "already exists"),
        (("rotate", "heer"), "Did you mean `here`"),
        (("revoke", "here", "--secret", "earlark_0"), "no live secret"),
    ],
)
def test_the_command_says_what_is_wrong(words: tuple[str, ...], sentence: str) -> None:
    create_key(LOCAL.id, "here", ["tts"])
    with pytest.raises(Exception, match=sentence):
        call_command("keys", *words)


def test_the_database_holds_no_secret() -> None:
    _, secret = create_key(LOCAL.id, "a", ["tts"])
    dump = io.StringIO()
    call_command("dumpdata", "gateway_app", stdout=dump)
    assert secret[:16] in dump.getvalue()
    assert secret.rpartition("_")[2] not in dump.getvalue()


async def test_a_token_is_worth_no_more_than_the_secret_that_asked_for_it(
    house: House,
) -> None:
    key, old = await house.make()
    new = await house.do(rotate, key)

    async def token_of(secret: str) -> dict[str, Any]:
        issued = await house.access.tokens.issue(await house.ask(secret))
        headers = [(b"authorization", f"Bearer {issued.token}".encode())]
        caller = {"client": ("10.0.0.9", 1), "headers": headers}
        return {"type": "websocket", "path": "/ws/stt", **caller}

    of_old, of_new = await token_of(old), await token_of(new)
    opened = await house.access.authenticate(await token_of(old))
    assert opened.credential == old[:16]
    secret = await database_sync_to_async(KeySecret.objects.get)(prefix=old[:16])
    await house.do(revoke_secret, secret)
    with pytest.raises(Unauthorized, match="lost access"):
        await house.access.authenticate(of_old)
    assert (await house.access.authenticate(of_new)).credential == new[:16]
