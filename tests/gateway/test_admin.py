"""The admin: read-only history that can be searched, filtered and taken away."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from gateway_app.history.exports import defused
from gateway_app.models import Synthesis, Transcript

TRANSCRIPTS = "/admin/gateway_app/transcript/"
SYNTHESES = "/admin/gateway_app/synthesis/"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def superuser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def reader() -> Client:
    """A member of staff who may see transcripts, and no more."""
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_transcript"))
    client = Client()
    client.force_login(user)
    return client


def at(day: int, **values: Any) -> Transcript:
    moment = datetime(2026, 11, day, 23, 30, tzinfo=UTC)
    return Transcript.objects.create(created_at=moment, **values)


def listed(client: Client, query: str, url: str = TRANSCRIPTS) -> list[str]:
    response = client.get(f"{url}?{query}")
    assert response.status_code == 200
    return [row.request_id for row in response.context["cl"].result_list]


def exported(client: Client, url: str, number: int) -> str:
    response = client.post(f"{url}export/", {"format": number, "resource": 0})
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]
    return response.content.decode()


def test_it_lists_the_newest_first(superuser: Client) -> None:
    at(1, request_id="old")
    at(2, request_id="new")
    assert listed(superuser, "") == ["new", "old"]


@pytest.mark.parametrize(
    "word", ["kitchen", "abc-1", "10.0.0.7", "queue is full", "user:7"]
)
def test_it_finds_text_ids_clients_and_errors(superuser: Client, word: str) -> None:
    at(1, request_id="other")
    at(
        2,
        request_id="abc-1",
        text="the kitchen light",
        client="10.0.0.7",
        principal="user:7",
        error="The queue is full.",
    )
    assert listed(superuser, f"q={word.replace(' ', '+')}") == ["abc-1"]


def test_it_filters_by_days_both_included(superuser: Client) -> None:
    for day in (1, 2, 3, 4):
        at(day, request_id=str(day))
    query = "created_at_from=2026-11-02&created_at_to=2026-11-03"
    assert listed(superuser, query) == ["3", "2"]


@pytest.mark.parametrize("day", ["yesterday", "9999-12-31", "2026-13-45"])
def test_it_survives_any_day(superuser: Client, day: str) -> None:
    at(1, request_id="1")
    assert listed(superuser, f"created_at_to={day}") == ["1"]


def test_it_filters_by_status_and_language(superuser: Client) -> None:
    at(1, request_id="ok", language="en")
    at(2, request_id="failed", status="error", language="de")
    assert listed(superuser, "status__exact=error") == ["failed"]
    assert listed(superuser, "language=en") == ["ok"]


def test_it_filters_by_voice(superuser: Client) -> None:
    Synthesis.objects.create(request_id="joe", voice="en_US-joe-medium")
    Synthesis.objects.create(request_id="amy", voice="en_US-amy-low")
    assert listed(superuser, "voice=en_US-amy-low", SYNTHESES) == ["amy"]


def test_it_filters_by_principal(superuser: Client) -> None:
    at(1, request_id="hers", principal="user:1")
    at(2, request_id="his", principal="user:2")
    assert listed(superuser, "principal=user:1") == ["hers"]


def test_it_shows_and_exports_who_sent_a_request(superuser: Client) -> None:
    row = at(1, text="hello", principal="key:0123456789abcdef")
    for url in (TRANSCRIPTS, f"{TRANSCRIPTS}{row.pk}/change/"):
        assert "key:0123456789abcdef" in superuser.get(url).content.decode()
    (line,) = csv.DictReader(io.StringIO(exported(superuser, TRANSCRIPTS, 0)))
    assert line["principal"] == "key:0123456789abcdef"


def test_it_shows_a_request_with_its_stages(superuser: Client) -> None:
    row = at(1, text="hello", stages_ms={"transcribe": 210.0, "final": 420.0})
    page = superuser.get(f"{TRANSCRIPTS}{row.pk}/change/").content.decode()
    assert "Whisper transcription" in page
    assert "420 ms" in page
    assert '<input type="text" name="text"' not in page


def test_it_shows_what_a_client_said_as_text(superuser: Client) -> None:
    row = at(1, text="<script>alert(1)</script>", client="<b>me</b>")
    for url in (TRANSCRIPTS, f"{TRANSCRIPTS}{row.pk}/change/"):
        page = superuser.get(url).content.decode()
        assert "<script>alert(1)" not in page
        assert "<b>me</b>" not in page


def test_it_lets_nobody_add_or_change(superuser: Client) -> None:
    row = at(1, text="said")
    assert superuser.get(f"{TRANSCRIPTS}add/").status_code == 403
    changed = superuser.post(f"{TRANSCRIPTS}{row.pk}/change/", {"text": "rewritten"})
    assert changed.status_code == 403
    row.refresh_from_db()
    assert row.text == "said"


def test_it_lets_only_a_superuser_delete(superuser: Client, reader: Client) -> None:
    row = at(1)
    url = f"{TRANSCRIPTS}{row.pk}/delete/"
    assert reader.post(url, {"post": "yes"}).status_code == 403
    assert Transcript.objects.exists()
    assert superuser.post(url, {"post": "yes"}).status_code == 302
    assert not Transcript.objects.exists()


def test_it_shows_only_what_the_permission_names(reader: Client) -> None:
    assert reader.get(TRANSCRIPTS).status_code == 200
    assert reader.get(f"{TRANSCRIPTS}export/").status_code == 200
    assert reader.get(SYNTHESES).status_code == 403
    assert reader.get(f"{SYNTHESES}export/").status_code == 403
    assert reader.post(f"{SYNTHESES}export/", {"format": 0}).status_code == 403


def test_its_lists_have_plain_titles(superuser: Client) -> None:
    for url, title in ((TRANSCRIPTS, "Transcripts"), ("/admin/auth/user/", "Users")):
        page = " ".join(superuser.get(url).content.decode().split())
        assert f"<title> {title} |" in page


def test_signing_in_says_how_to_make_the_first_account() -> None:
    def page() -> str:
        return Client().get("/admin/login/").content.decode()

    User.objects.create_user("guest", password="a-long-password")
    assert "manage.py users create admin --role administrator" in page()
    User.objects.create_superuser("root", password="a-long-password")
    assert "users create" not in page()


async def sign_in(client: httpx.AsyncClient, **form: str) -> httpx.Response:
    """As the form does it, with the token of its page."""
    await client.get("/admin/login/", headers={"Accept": "text/html"})
    token = client.cookies["csrftoken"]
    return await client.post(
        "/admin/login/",
        data={**form, "csrfmiddlewaretoken": token},
        headers={"Accept": "text/html"},
    )


async def test_signing_in_says_what_was_wrong_and_keeps_the_name(
    client: httpx.AsyncClient,
) -> None:
    answer = await sign_in(client, username="ro<ot", password="no", next=TRANSCRIPTS)
    assert "Please enter the correct username and password" in answer.text
    assert 'value="ro&lt;ot"' in answer.text
    assert f'name="next" value="{TRANSCRIPTS}"' in answer.text


async def test_signing_in_leads_to_the_page_that_was_asked_for(
    client: httpx.AsyncClient,
) -> None:
    await asyncio.to_thread(
        User.objects.create_superuser, "ada", password="a-long-password"
    )
    answer = await sign_in(
        client, username="ada", password="a-long-password", next=SYNTHESES
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, SYNTHESES)


def test_signing_out_says_so(superuser: Client) -> None:
    assert "You are signed out" in superuser.post("/admin/logout/").content.decode()


def test_it_asks_strangers_to_sign_in() -> None:
    response = Client().get(TRANSCRIPTS)
    assert (response.status_code, response.url) == (  # type: ignore[attr-defined]
        302,
        f"/admin/login/?next={TRANSCRIPTS}",
    )


def test_it_exports_csv_that_no_spreadsheet_runs(superuser: Client) -> None:
    at(1, text='=HYPERLINK("http://evil")', client="@me", stages_ms={"final": 5.0})
    (row,) = csv.DictReader(io.StringIO(exported(superuser, TRANSCRIPTS, 0)))
    assert row["text"] == '\'=HYPERLINK("http://evil")'
    assert row["client"] == "'@me"
    assert row["time"] == "2026-11-01T23:30:00.000+00:00"
    assert json.loads(row["stages_ms"]) == {"final": 5.0}


def test_it_exports_json_as_it_is(superuser: Client) -> None:
    Synthesis.objects.create(
        text_in="=1+1", text_out="Two.", voice="v", stages_ms={"total": 9.5}
    )
    (row,) = json.loads(exported(superuser, SYNTHESES, 1))
    assert (row["text_in"], row["text_out"], row["voice"]) == ("=1+1", "Two.", "v")
    assert row["stages_ms"] == {"total": 9.5}


def test_it_exports_only_what_the_filters_leave(superuser: Client) -> None:
    at(1, text="keep", status="error")
    at(2, text="leave")
    response = superuser.post(
        f"{TRANSCRIPTS}export/?status__exact=error", {"format": 1, "resource": 0}
    )
    assert [row["text"] for row in json.loads(response.content)] == ["keep"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_it_defuses_every_start_of_a_formula(start: str) -> None:
    assert defused(f"{start}1") == f"'{start}1"
    assert defused(f"1{start}") == f"1{start}"
    assert defused(-1.5) == -1.5


@pytest.mark.parametrize("path", ["/admin/", TRANSCRIPTS, "/admin/auth/user/add/"])
def test_its_pages_hold_no_style_sheet_or_script(superuser: Client, path: str) -> None:
    """The content security policy would refuse them."""
    text = superuser.get(path).content.decode()
    assert "<style" not in text
    assert "<script>" not in text
