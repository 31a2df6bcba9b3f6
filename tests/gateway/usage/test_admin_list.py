"""The admin's list of usage: its charts, its filters and its exports."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from gateway_app.admin_lists.usage import charts
from gateway_app.usage.models import UsageDay

LIST = "/admin/gateway_app/usageday/"
TODAY = datetime.now(UTC).date()

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    user = User.objects.create_user("ada", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_usageday"))
    client = Client()
    client.force_login(user)
    return client


def used(principal: str, day: date = TODAY, client: str = "", **columns: float) -> None:
    UsageDay.objects.create(day=day, principal=principal, client=client, **columns)


def test_its_charts_add_up_the_callers_of_each_day() -> None:
    used("key:1", requests=5, errors=2, audio_in_seconds=120)
    used("anonymous", client="192.0.2.1", requests=4, audio_out_seconds=60)
    used("address", client="192.0.2.1", audio_in_seconds=600)
    used("key:1", TODAY - timedelta(days=1), requests=1)
    used("key:1", TODAY - timedelta(days=40), requests=100)
    drawn = charts(UsageDay.objects.all(), TODAY)
    *_, yesterday, today = drawn["requests_chart"].bars
    assert (yesterday.slot.values, today.slot.values) == ((1, 0), (7, 2))
    assert drawn["requests_chart"].total == 10
    assert drawn["audio_chart"].bars[-1].slot.values == (2, 1)


def test_it_lists_callers_and_charts_those_of_the_filter(staff: Client) -> None:
    used("key:1", requests=5, audio_in_seconds=61.3)
    used("key:2", requests=4)
    page = staff.get(LIST)
    assert page.status_code == 200
    assert page.context["requests_chart"].total == 9
    assert "61.3\N{NO-BREAK SPACE}s" in page.content.decode()
    page = staff.get(LIST, {"principal": "key:2"})
    assert page.context["requests_chart"].total == 4
    days = {"day_from": str(TODAY + timedelta(days=1)), "day_to": ""}
    assert staff.get(LIST, days).context["requests_chart"].total == 0


def test_its_export_runs_no_formula(staff: Client) -> None:
    used("=cmd()", requests=5)
    answer = staff.post(f"{LIST}export/", {"format": 0, "resource": 0})
    (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert (row["principal"], row["requests"]) == ("'=cmd()", "5")
    assert row["day"] == str(TODAY)


def test_nobody_changes_it(staff: Client) -> None:
    used("key:1")
    assert staff.post(f"{LIST}add/").status_code == 403
    pk = UsageDay.objects.get().pk
    assert staff.post(f"{LIST}{pk}/delete/", {"post": "yes"}).status_code == 403
