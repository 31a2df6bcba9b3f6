"""Who is meant by what somebody writes."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from common.config import Config
from gateway_app.access.keys import key_principal
from gateway_app.retention.people import NobodyFound, Person, find_person

pytestmark = pytest.mark.django_db


def found(text: str, config: Config | None = None) -> Person:
    return find_person(text, config or Config())


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7/32", "192.0.2.7"),
        ("2001:db8::5", "2001:db8::/64"),
        (" 2001:db8::/64 ", "2001:db8::/64"),
    ],
)
def test_it_takes_addresses_as_they_are_counted(text: str, network: str) -> None:
    person = found(text)
    assert person.networks == {network}
    assert person.holders == {f"anonymous {network}"}


def test_an_address_owns_what_came_from_it_whoever_sent_it() -> None:
    person = found("2001:db8::5")
    assert person.owns("key:1", "2001:db8::9")
    assert not person.owns("anonymous", "2001:db9::5")


def test_it_takes_ids_of_what_is_gone_by_now() -> None:
    assert found("key:0123456789abcdef").principals == {"key:0123456789abcdef"}
    assert found("user:7").user_ids == {7}


def test_it_takes_the_name_of_a_configured_key_but_not_the_key() -> None:
    config = Config(api_keys=["a-long-secret"])
    principal = key_principal("a-long-secret")
    assert found(principal.name, config).principals == {principal.id}
    with pytest.raises(NobodyFound):
        found("a-long-secret", config)


def test_it_takes_the_name_or_the_address_of_a_user() -> None:
    alice = User.objects.create_user("alice", "Alice@Example.org")
    for text in ("alice", "alice@example.org"):
        assert found(text).principals == {f"user:{alice.pk}"}


def test_it_does_not_choose_between_two() -> None:
    for name in ("alice", "bob"):
        User.objects.create_user(name, "us@example.org")
    with pytest.raises(NobodyFound, match="name one"):
        found("us@example.org")


@pytest.mark.parametrize("text", ["", "anonymous", "local", "2001:db8::/32", "key:"])
def test_it_refuses_whoever_is_nobody_or_everybody(text: str) -> None:
    with pytest.raises(NobodyFound, match="Name a key"):
        found(text)


def test_it_takes_no_name_for_an_address() -> None:
    impostor = User.objects.create_user("192.0.2.7")
    with pytest.raises(NobodyFound, match=f"name of user:{impostor.pk}:"):
        found("192.0.2.7")
    assert found("192.0.2.7/32").networks == {"192.0.2.7"}
    assert found(f"user:{impostor.pk}").principals == {f"user:{impostor.pk}"}
