"""Whose data: found from what a person writes on the command line."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Q

from common.config import Config
from gateway_app.access.keys import key_principal
from gateway_app.access.principals import ANONYMOUS, USER_PREFIX, account_of
from gateway_app.access.quotas import holder_of, network

_PRINCIPAL_ID = re.compile(r"(key|user):[A-Za-z0-9_-]{1,58}")


class NobodyFound(Exception):
    """The message says what can be named."""


@dataclass(frozen=True)
class Person:
    """Principals, or the anonymous callers of an address (an IPv6 one stands for its
    /64), or both."""

    principals: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()

    @property
    def holders(self) -> frozenset[str]:
        """The names under which their conversations and counters are kept."""
        of_addresses = {holder_of(ANONYMOUS.id, each) for each in self.networks}
        return self.principals | of_addresses

    def owns(self, principal: str, client: str) -> bool:
        """Whether a request of this principal from this address is theirs."""
        return principal in self.principals or network(client) in self.networks

    @property
    def user_ids(self) -> frozenset[int]:
        """The accounts among the principals."""
        numbers = map(account_of, self.principals)
        return frozenset(each for each in numbers if each is not None)


def find_person(text: str, config: Config) -> Person:
    """Who is meant by an address, the id of a principal, the name of a key, or the
    name or e-mail address of a user. Raises NobodyFound.

    An id counts even if its key or account is gone: its data may still be there.
    """
    text = text.strip()
    named = {*_keys(text, config), *_users(text)}
    meant = _address_or_id(text)
    if others := sorted(named - (meant.principals if meant else named)):
        raise NobodyFound(
            f"`{text}` is also the name of {' and '.join(others)}: name that id, or an "
            f"address as {text}/32."
        )
    if meant is not None:
        return meant
    found = sorted(named)
    if not found:
        raise NobodyFound(
            f"There is no key, user or address `{text}`. Name a key or its id "
            "(`key:...`), a user, `user:` with a number, or an IP address."
        )
    if len(found) > 1:
        raise NobodyFound(f"`{text}` is the name of {' and '.join(found)}: name one.")
    return Person(frozenset(found))


def _address_or_id(text: str) -> Person | None:
    if address := _network(text):
        return Person(networks=frozenset([address]))
    if _PRINCIPAL_ID.fullmatch(text):
        return Person(frozenset([text]))
    return None


def _network(text: str) -> str:
    """The address as it is counted; empty if it is none."""
    try:
        return network(str(ipaddress.ip_address(text)))
    except ValueError:
        pass
    try:
        wide = ipaddress.ip_network(text)
    except ValueError:
        return ""
    if wide.prefixlen == wide.max_prefixlen:
        return network(str(wide.network_address))
    return str(wide) if (wide.version, wide.prefixlen) == (6, 64) else ""


def _keys(text: str, config: Config) -> Iterator[str]:
    for key in config.api_keys:
        principal = key_principal(key)
        if text == principal.name:
            yield principal.id
    keys = apps.get_model("gateway_app", "ApiKey")._default_manager
    for (principal_id,) in keys.filter(name=text).values_list("principal"):
        yield principal_id


def _users(text: str) -> Iterator[str]:
    users = get_user_model()._default_manager
    named = users.filter(Q(username=text) | Q(email__iexact=text))
    for (number,) in named.values_list("pk"):
        yield f"{USER_PREFIX}{number}"
