"""A secret is random, is kept as a digest, and is found in memory."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from gateway_app.access.principals import Principal, Scope
from gateway_app.keys.durations import moment_of
from gateway_app.keys.models import ApiKey
from gateway_app.keys.secret import digest_of, matches, new_secret, prefix_of
from gateway_app.keys.snapshot import MAX_KEYS, KeySnapshot, KnownSecret
from gateway_app.keys.store import create_key

NOW = 1_000.0
OWNER = Principal("key:1", "key", "kitchen", credential="earlark_")


def test_a_secret_has_128_random_bits_and_more() -> None:
    first, second = new_secret(), new_secret()
    assert first.text != second.text
    prefix, _, rest = first.text.rpartition("_")
    assert prefix == first.prefix == prefix_of(first.text)
    assert len(rest) * 4 >= 128
    assert first.text not in repr(first)


@pytest.mark.parametrize(
    "text", ["", "a-long-key", "earlark_1_2", "earlark_" + "g" * 8]
)
def test_another_form_has_no_prefix(text: str) -> None:
    assert prefix_of(text) == ""


def test_a_digest_matches_its_secret_only() -> None:
    secret = new_secret()
    assert matches(secret.text, secret.digest)
    assert not matches(secret.text + "0", secret.digest)
    assert secret.digest == digest_of(secret.text)
    assert secret.text.rpartition("_")[2] not in secret.digest


def test_it_finds_a_valid_secret_only() -> None:
    valid, expired = new_secret(), new_secret()
    known = [
        KnownSecret(valid.prefix, valid.digest, OWNER, None),
        KnownSecret(expired.prefix, expired.digest, OWNER, NOW),
    ]
    snapshot = KeySnapshot(known, any_key=True)
    assert snapshot.find(valid.text, NOW) == OWNER
    assert snapshot.find(expired.text, NOW - 1) == OWNER
    assert snapshot.find(expired.text, NOW) is None
    wrong = f"{valid.prefix}_{'0' * 48}"
    assert snapshot.find(wrong, NOW) is None
    assert snapshot.find(new_secret().text, NOW) is None
    assert snapshot.still(valid.prefix, NOW) == OWNER
    assert snapshot.still(expired.prefix, NOW) is None


def test_a_check_takes_less_than_a_millisecond_with_as_many_keys_as_there_may_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wanted = new_secret()

    def many() -> Iterator[KnownSecret]:
        yield KnownSecret(wanted.prefix, wanted.digest, OWNER, None)
        for number in range(MAX_KEYS):
            yield KnownSecret(f"earlark_{number:08x}", wanted.digest, OWNER, None)

    snapshot = KeySnapshot(many(), any_key=True)
    took = []
    for _ in range(200):
        began = time.perf_counter()
        assert snapshot.find(wanted.text, NOW)
        took.append(time.perf_counter() - began)
    with capsys.disabled():
        sys.stdout.write(
            f"\na check of a key: {statistics.median(took) * 1e6:.1f} us\n"
        )
    assert statistics.median(took) < 0.001


@pytest.mark.parametrize(
    "name",
    ["key:0123456789abcdef", "user:1", "192.0.2.7", "2001:db8::/64", " a", "a\nb"],
)
def test_a_name_cannot_be_taken_for_something_else(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        ApiKey(name=name, scopes=[Scope.SPEAK]).clean()
    ApiKey(name="Ada, 2nd laptop", scopes=[Scope.SPEAK]).clean()


@pytest.mark.django_db
def test_a_new_key_does_not_end_in_the_past_nor_after_all_time() -> None:
    with pytest.raises(ValidationError, match="expired already"):
        create_key("local", "late", ["tts"], expires_at=timezone.now())
    with pytest.raises(ValueError, match="year 9999"):
        moment_of("99999y")
