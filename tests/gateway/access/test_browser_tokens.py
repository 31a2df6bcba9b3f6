"""Short-lived tokens: what they hold, how long, and how often they can be used."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import override_settings

from common.errors import BadValue, Forbidden, TooMany, Unauthorized
from gateway_app.access.browser_tokens import BrowserTokens, NotAToken
from gateway_app.access.counters import Counters
from gateway_app.access.principals import ALL_SCOPES, Principal, Scope

KEY = Principal("key:0123", "key", scopes=frozenset({Scope.LISTEN, Scope.MONITOR}))
ALICE = Principal("user:1", "user", "alice", ALL_SCOPES)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> BrowserTokens:
    return BrowserTokens(Counters(clock=clock), per_minute=3, clock=clock)


async def test_a_token_says_whose_it_is_and_what_for(
    tokens: BrowserTokens, clock: Clock
) -> None:
    issued = await tokens.issue(KEY)
    claims = await tokens.take(issued.token)
    assert claims.principal_id == "key:0123"
    assert claims.scopes == frozenset({Scope.LISTEN})
    assert issued.expires_at == claims.expires_at == clock.seconds + 60


async def test_it_can_be_a_subprotocol_and_contains_no_name(
    tokens: BrowserTokens,
) -> None:
    token = (await tokens.issue(ALICE)).token
    assert re.fullmatch(r"ek_[A-Za-z0-9_.-]+", token)
    assert len(token) < 250
    assert "alice" not in token


async def test_it_can_be_used_once(tokens: BrowserTokens, clock: Clock) -> None:
    token = (await tokens.issue(KEY)).token
    await tokens.take(token)
    for _ in range(2):
        with pytest.raises(Unauthorized, match="has been used"):
            await tokens.take(token)
    clock.seconds += 60
    with pytest.raises(Unauthorized, match="has been used"):
        await tokens.take(token)


async def test_it_expires(tokens: BrowserTokens, clock: Clock) -> None:
    token = (await tokens.issue(KEY, seconds=5)).token
    clock.seconds += 6
    with pytest.raises(Unauthorized, match="has expired"):
        await tokens.take(token)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1] + ("a" if token[-1] != "a" else "b"),
        lambda token: "ek_" + token[4:],
        lambda token: token.replace(".", ""),
        lambda _: "ek_",
        lambda _: "ek_e30.e30",
        lambda _: "ek_ü.\0",
    ],
)
async def test_a_forged_one_is_refused(tokens: BrowserTokens, change) -> None:
    token = (await tokens.issue(KEY)).token
    with pytest.raises(NotAToken):
        await tokens.take(change(token))


async def test_another_secret_key_makes_it_worthless(tokens: BrowserTokens) -> None:
    first, second = [(await tokens.issue(KEY)).token for _ in range(2)]
    with override_settings(SECRET_KEY="another"), pytest.raises(NotAToken):
        await tokens.take(first)
    ours = settings.SECRET_KEY
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[ours]):
        assert (await tokens.take(second)).principal_id == KEY.id


async def test_nobody_gets_a_scope_that_they_lack(tokens: BrowserTokens) -> None:
    with pytest.raises(Forbidden, match="`tts`"):
        await tokens.issue(KEY, [Scope.LISTEN, Scope.SPEAK])
    with pytest.raises(BadValue, match="`admin`"):
        await tokens.issue(ALICE, [Scope.ADMIN])
    issued = await tokens.issue(KEY, [Scope.MONITOR, Scope.MONITOR])
    assert issued.scopes == (Scope.MONITOR,)


async def test_one_caller_gets_so_many_a_minute(tokens: BrowserTokens) -> None:
    for _ in range(3):
        await tokens.issue(KEY)
    with pytest.raises(TooMany, match="At most 3 tokens"):
        await tokens.issue(KEY)
    await tokens.issue(ALICE)
