"""The usage of callers in the database: added up, restored, and kept while it is away."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from common.config import Config
from common.errors import QuotaExceeded
from gateway_app.access.counters import Counters
from gateway_app.access.principals import ANONYMOUS
from gateway_app.retention.kinds import kept_by_gateway
from gateway_app.retention.people import Person
from gateway_app.usage.accounts import Quota, Resource
from gateway_app.usage.days import DayQuotas
from gateway_app.usage.ledger import MOST_LINES, OTHERS, Ledger
from gateway_app.usage.meter import Meter
from gateway_app.usage.models import UsageDay
from tests.databases import another_database
from tests.fake_services import loaded_config
from tests.gateway.usage.metering import HOME, caller

KEY = caller(audio_in_seconds_per_day=10)


@pytest.fixture(scope="module")
def migrated(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("usage")
    with django_db_blocker.unblock(), another_database("", folder, "usage") as alias:
        yield alias, folder / "voice.sqlite3"


@pytest.fixture
def file_database(migrated: tuple[str, Path]) -> Iterator[str]:
    alias, path = migrated
    yield alias
    connections[alias].close()
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM gateway_app_usageday")


def meter_on(database: str, **settings: Any) -> Meter:
    """As a process has it that begins now."""
    quotas = DayQuotas(Counters())
    config = loaded_config(**settings).config
    return Meter(config, quotas, Ledger(quotas, database=database))


def rows(database: str) -> list[UsageDay]:
    return list(UsageDay.objects.using(database).order_by("principal", "client"))


def test_two_processes_add_to_the_same_row(file_database: str) -> None:
    one, two = meter_on(file_database), meter_on(file_database)
    for meter in (one, two, one):
        account = meter.account(KEY, HOME)
        account.spend(Resource.REQUESTS)
        account.spend(Resource.AUDIO_IN, 1.5)
        account.spend(Resource.LLM_OUT, 7)
        meter.ledger.write()
    (row,) = rows(file_database)
    assert (row.principal, row.client, row.requests) == ("key:1", "", 3)
    assert (row.audio_in_seconds, row.llm_tokens_out) == (4.5, 21)
    assert row.day == timezone.now().date()


def test_anonymous_callers_have_a_row_for_each_network(file_database: str) -> None:
    meter = meter_on(file_database)
    for address in ("192.0.2.1", "2001:db8::1", "2001:db8::2"):
        meter.account(ANONYMOUS, address).spend(Resource.REQUESTS)
    meter.ledger.write()
    found = [(row.principal, row.client, row.requests) for row in rows(file_database)]
    assert found == [
        ("anonymous", "192.0.2.1", 1),
        ("anonymous", "2001:db8::/64", 2),
    ]


def test_a_restart_gives_nobody_a_fresh_day(file_database: str) -> None:
    settings = {"address_audio_in_seconds_per_day": 100}
    before = meter_on(file_database, **settings)
    before.account(KEY, HOME).spend(Resource.AUDIO_IN, 9)
    before.account(ANONYMOUS, HOME).spend(Resource.AUDIO_IN, 91)
    before.ledger.write()
    after = meter_on(file_database, **settings)
    after.account(KEY, HOME).spend(Resource.AUDIO_IN, 0.5)
    after.ledger.write()
    after.account(KEY, "192.0.2.9").check(Quota.AUDIO_IN)
    after.account(KEY, "192.0.2.9").spend(Resource.AUDIO_IN, 0.5)
    with pytest.raises(QuotaExceeded, match="10 seconds"):
        after.account(KEY, "192.0.2.9").check(Quota.AUDIO_IN)
    with pytest.raises(QuotaExceeded, match=r"100 seconds .* from this address"):
        after.account(ANONYMOUS, HOME).check(Quota.AUDIO_IN)


def test_it_counts_on_while_the_database_is_away(
    file_database: str, migrated: tuple[str, Path]
) -> None:
    meter = meter_on(file_database)
    account = meter.account(KEY, HOME)
    account.spend(Resource.REQUESTS)
    meter.ledger.write()
    connections[file_database].close()
    away = migrated[1].rename(migrated[1].with_suffix(".away"))
    migrated[1].mkdir()
    try:
        for _ in range(3):
            account.spend(Resource.REQUESTS)
            meter.ledger.write()
        assert meter.ledger.waiting(account.line) == {"requests": 3}
    finally:
        connections[file_database].close()
        migrated[1].rmdir()
        away.rename(migrated[1])
    meter.ledger.write()
    assert meter.ledger.waiting(account.line) == {}
    (row,) = rows(file_database)
    assert row.requests == 4


def test_what_waits_is_bounded(file_database: str) -> None:
    ledger = meter_on(file_database).ledger
    for number in range(MOST_LINES + 5):
        ledger.add("anonymous", f"10.{number}", Resource.REQUESTS, 1)
    assert ledger.callers == MOST_LINES + 1
    ledger.add("anonymous", "10.0", Resource.REQUESTS, 1)
    line = meter_on(file_database).account(KEY, HOME).line
    assert ledger.waiting(line._replace(principal=OTHERS)) == {"requests": 5}
    known = line._replace(principal="anonymous", client="10.0")
    assert ledger.waiting(known) == {"requests": 2}


async def test_it_writes_the_rest_when_it_stops(file_database: str) -> None:
    meter = meter_on(file_database)
    await meter.ledger.start()
    meter.account(KEY, HOME).spend(Resource.SESSIONS)
    await meter.ledger.stop()
    connection = sqlite3.connect(connections.databases[file_database]["NAME"])
    found = connection.execute("SELECT sessions FROM gateway_app_usageday").fetchall()
    connection.close()
    assert found == [(1,)]


def test_old_days_are_pruned_and_a_person_is_forgotten(file_database: str) -> None:
    now = timezone.now()
    for age in (0, 30, 31, 32):
        day = now.date() - timedelta(days=age)
        UsageDay(day=day, principal="key:1").save(using=file_database)
        UsageDay(day=day, principal="anonymous", client=HOME).save(using=file_database)
    kinds = kept_by_gateway(Config(usage_retention_days=30), file_database)
    (kept,) = [kind for kind in kinds if kind.setting == "usage_retention_days"]
    assert kept.kept_for is not None
    assert kept.prune(now - kept.kept_for, lambda: True) == 4
    assert kept.forget(Person(networks=frozenset([HOME])), "forgotten") == 2
    assert [row.principal for row in rows(file_database)] == ["key:1"] * 2
    assert kept.forget(Person(frozenset(["key:1"])), "forgotten") == 2


def test_what_waits_of_a_person_is_forgotten(file_database: str) -> None:
    meter = meter_on(file_database)
    for account in (meter.account(KEY, HOME), meter.account(ANONYMOUS, HOME)):
        account.spend(Resource.REQUESTS)
    meter.ledger.forget(Person(networks=frozenset([HOME])).owns)
    assert meter.ledger.callers == 1
    meter.ledger.forget(Person(frozenset(["key:1"])).owns)
    assert meter.ledger.callers == 0
