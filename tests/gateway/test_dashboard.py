"""The dashboard: right figures, words when there are none, and quick on a full table."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gateway_app.dashboard.charts import Slot, bar_chart
from gateway_app.dashboard.figures import figures_since, hour_of
from gateway_app.models import Synthesis, Transcript

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 100_000
MOST_SECONDS = 3.0
MOST_QUERIES = 15


@pytest.fixture
def superuser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def page(client: Client) -> Any:
    response = client.get("/admin/")
    assert response.status_code == 200
    return response


def test_it_says_what_to_do_when_there_is_nothing(superuser: Client) -> None:
    text = page(superuser).content.decode()
    assert "No requests in the last 7 days" in text
    assert 'href="/speak/"' in text


def test_it_counts_today_and_the_week(superuser: Client) -> None:
    now = datetime.now(UTC)
    Transcript.objects.create(created_at=now, status="error", error="The queue broke.")
    Transcript.objects.create(created_at=now)
    Synthesis.objects.create(created_at=now)
    Synthesis.objects.create(created_at=now - timedelta(days=3))
    Synthesis.objects.create(created_at=now - timedelta(days=30))
    response = page(superuser)
    values = [card.value for card in response.context["cards"]]
    assert values == ["2", "1", "1", "4"]
    assert response.context["hourly"].total == 3
    assert response.context["daily_errors"].total == 1
    assert "The queue broke." in response.content.decode()


def test_it_tells_the_latency_of_each_stage(superuser: Client) -> None:
    for number in range(1, 101):
        Transcript.objects.create(final_ms=float(number))
    (final,) = figures_since(datetime.now(UTC) - timedelta(days=1)).latencies
    assert (final.count, final.p50_ms, final.p95_ms) == (100, 51.0, 96.0)


def test_it_counts_by_hour_of_the_clock() -> None:
    moment = datetime(2026, 11, 24, 5, 59, 59, 999_999, tzinfo=UTC)
    Transcript.objects.create(created_at=moment)
    figures = figures_since(moment - timedelta(days=1))
    assert dict(figures.requests[Transcript]) == {hour_of(moment): 1}


def test_it_shows_figures_only_to_those_who_may_see_them() -> None:
    Transcript.objects.create(text="a secret", status="error", error="a secret")
    client = Client()
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    text = page(client).content.decode()
    assert "has no access to the history" in text
    assert "a secret" not in text


def test_it_loads_nothing_from_elsewhere(superuser: Client) -> None:
    Transcript.objects.create()
    text = page(superuser).content.decode()
    for attribute in ('src="http', 'src="//', 'rel="stylesheet" href="http'):
        assert attribute not in text


def fill_table(rows: int) -> None:
    """Many transcripts, 5 s apart; by the database itself, which is much quicker."""
    text = "What is the weather like in Hamburg tomorrow?"
    first = Transcript.objects.create(created_at=datetime.now(UTC), text=text)
    varied = {
        "created_at": "datetime(created_at, '-' || (5 * n.i) || ' seconds')",
        "final_ms": "n.i % 500",
        "status": "CASE WHEN n.i % 50 = 0 THEN 'error' ELSE 'ok' END",
    }
    columns = [field.column for field in Transcript._meta.concrete_fields[1:]]
    values = [varied.get(column, column) for column in columns]
    table = Transcript._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE n(i) AS "  # noqa: S608 - names of our own
            "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) "
            f"INSERT INTO {table} ({', '.join(columns)}) "
            f"SELECT {', '.join(values)} FROM {table}, n WHERE id = %s",
            [rows, first.pk],
        )
    assert Transcript.objects.count() == rows + 1


def test_it_is_quick_on_a_full_table(superuser: Client) -> None:
    fill_table(MANY)
    page(superuser)
    began = time.perf_counter()
    with CaptureQueriesContext(connection) as queries:
        page(superuser)
    assert time.perf_counter() - began < MOST_SECONDS
    assert len(queries) <= MOST_QUERIES


def test_it_draws_bars_on_one_scale_that_starts_at_zero() -> None:
    chart = bar_chart([Slot("a", "a", (1, 3)), Slot("b", "b", (0, 2))])
    assert (chart.top, chart.total) == (4, 6)
    heights = [[piece.height for piece in bar.pieces] for bar in chart.bars]
    assert heights == [[30.0, 90.0], [60.0]]
    assert chart.bars[0].pieces[1].y == 0.0
