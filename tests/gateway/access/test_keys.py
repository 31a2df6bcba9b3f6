"""API keys: where a request carries one, and whose it is."""

from __future__ import annotations

import hashlib
import re

import pytest

from gateway_app.access.keys import ConfigKeys, presented_key

KEY = "a-long-key"


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ({"headers": [(b"authorization", b"Bearer k")]}, "k"),
        ({"headers": [(b"authorization", b"bearer  k ")]}, "k"),
        ({"headers": [(b"authorization", b"Token k")]}, "k"),
        ({"headers": [(b"authorization", b"Basic k")]}, ""),
        ({"headers": [(b"authorization", b"Bearer")]}, ""),
        ({"headers": [(b"x-api-key", b"k")]}, "k"),
        ({"subprotocols": ["realtime", "openai-insecure-api-key.k"]}, "k"),
        ({"subprotocols": ["token", "k"]}, "k"),
        ({"subprotocols": ["voice.v1", "k"]}, ""),
        ({"headers": []}, ""),
    ],
)
def test_it_finds_the_key_wherever_it_was_put(scope, key):
    assert presented_key(scope) == key


async def test_it_keeps_no_key_in_memory_as_text():
    keys = ConfigKeys([KEY])
    assert KEY not in str(vars(keys))
    assert await keys.principal(KEY) is not None
    assert await keys.principal("schlüssel ☃") is None


async def test_a_key_keeps_its_principal_wherever_it_stands_in_the_setting():
    first = await ConfigKeys(["one", "two", "three"]).principal("two")
    assert first is not None
    for keys in (["three", "two", "one"], ["two", "three"], ["two"], ["two", "two"]):
        assert await ConfigKeys(keys).principal("two") == first
    assert await ConfigKeys(["one", "three"]).principal("two") is None


async def test_no_two_keys_share_a_principal():
    numbered = [f"key {number}" for number in range(1_000)]
    keys = ConfigKeys(numbered)
    principals = [await keys.principal(key) for key in numbered]
    assert len({principal.id for principal in principals if principal}) == 1_000


async def test_the_principal_of_a_key_does_not_show_the_key():
    principal = await ConfigKeys([KEY]).principal(KEY)
    assert principal is not None
    assert re.fullmatch("key:[0-9a-f]{16}", principal.id)
    assert principal.name == f"key {principal.id[4:12]}"
    # A fingerprint without its context could be looked up in a table of digests.
    assert principal.id[4:] not in hashlib.sha256(KEY.encode()).hexdigest()
