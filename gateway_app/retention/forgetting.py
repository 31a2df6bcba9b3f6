"""Removes everything that is kept of a person, also what running servers hold."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS

from gateway_app.models import Forgetting
from gateway_app.retention.erasure import erase_deleted
from gateway_app.retention.kept import Kept
from gateway_app.retention.people import Person

POLL_SECONDS = 2.0
"""How often a running server looks for whom to forget."""
SEEN_SECONDS = 3 * POLL_SECONDS


@dataclass(frozen=True)
class Forgotten:
    """What was removed, or changed where a record stays; by name."""

    pseudonym: str
    counts: dict[str, int]
    left_bytes: str
    """Why the database may still have the bytes on disk; empty if it has not."""


def forget(
    person: Person,
    kinds: Sequence[Kept],
    *,
    servers_run: bool,
    database: str = DEFAULT_DB_ALIAS,
    sleep: Callable[[float], None] = time.sleep,
) -> Forgotten:
    """Remove it all. With `servers_run` the servers are told first, and waited for."""
    pseudonym = f"forgotten:{secrets.token_hex(4)}"
    mark = Forgetting.objects.using(database).create(
        principals=sorted(person.principals), networks=sorted(person.networks)
    )
    try:
        if servers_run:
            sleep(SEEN_SECONDS)
        counts = {
            kind.name: kind.forget(person, pseudonym)
            for kind in kinds
            if not kind.stays
        }
    finally:
        mark.delete()
    tables = [table for kind in kinds if not kind.stays for table in kind.tables]
    return Forgotten(pseudonym, counts, erase_deleted([*tables, Forgetting], database))


def person_of(mark: Forgetting) -> Person:
    """Who is to be forgotten."""
    return Person(frozenset(mark.principals), frozenset(mark.networks))
