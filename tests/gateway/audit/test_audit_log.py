"""The audit log: what is recorded, by whom, and that nobody changes it."""

from __future__ import annotations

import csv
import getpass
import io
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client
from structlog.contextvars import bound_contextvars

from gateway_app.access.principals import ANONYMOUS, LOCAL
from gateway_app.audit.log import Action, record
from gateway_app.models import AuditEvent, Transcript
from tts_app.models import Voice

LIST = "/admin/gateway_app/auditevent/"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def superuser(root: User) -> Client:
    client = Client()
    client.force_login(root)
    AuditEvent.objects.all().delete()
    return client


def events(**values: Any) -> list[tuple[str, str, str]]:
    found = AuditEvent.objects.filter(**values).order_by("pk")
    return [(event.actor, event.action, event.subject) for event in found]


def test_it_says_who_did_what_to_what_from_where() -> None:
    with bound_contextvars(client="192.0.2.7", request_id="abc"):
        record(LOCAL.id, Action.BACKED_UP, "database", bytes=12, file="a.tar")
    event = AuditEvent.objects.get()
    assert (event.actor, event.actor_name) == ("local", getpass.getuser())
    assert (event.action, event.subject) == ("backed_up", "database")
    assert event.details == {"bytes": 12, "file": "a.tar"}
    assert (event.client, event.request_id) == ("192.0.2.7", "abc")


def test_it_knows_the_name_of_a_user() -> None:
    user = User.objects.create_user("alice")
    record(f"user:{user.pk}", Action.CREATED, "key:1")
    record("user:999999", Action.CREATED, "key:2")
    record(ANONYMOUS.id, Action.CREATED, "key:3")
    names = AuditEvent.objects.order_by("pk").values_list("actor_name", flat=True)
    assert list(names) == ["alice", "", ""]


def test_it_cuts_what_is_too_long_and_drops_what_no_database_takes() -> None:
    record("local", Action.CHANGED, "x" * 500 + "\0", text="\0" + "y" * 5_000)
    event = AuditEvent.objects.get()
    assert len(event.subject) == 200
    assert event.details == {"text": "y" * 1_000}


def test_it_goes_with_the_transaction_of_the_change() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        record("local", Action.CHANGED, "voice:a")
        raise RuntimeError
    assert events() == []


def test_it_records_what_the_admin_adds_changes_and_deletes(
    superuser: Client, root: User
) -> None:
    me = f"user:{root.pk}"
    password = "a-long-enough-password"
    superuser.post(
        "/admin/auth/user/add/",
        {
            "username": "bob",
            "usable_password": "true",
            "password1": password,
            "password2": password,
        },
    )
    bob = User.objects.get(username="bob")
    superuser.post(
        f"/admin/auth/user/{bob.pk}/password/",
        {
            "usable_password": "true",
            "password1": f"{password}2",
            "password2": f"{password}2",
        },
    )
    superuser.post(f"/admin/auth/user/{bob.pk}/delete/", {"post": "yes"})
    subject = f"user:{bob.pk}"
    assert events() == [
        (me, "created", subject),
        (me, "changed", subject),
        (me, "deleted", subject),
    ]
    assert password not in str(list(AuditEvent.objects.values()))
    assert AuditEvent.objects.latest().details == {"name": "bob"}


def test_it_names_the_changed_fields_of_a_voice(superuser: Client) -> None:
    voice = Voice.objects.create(name="en_US-joe-medium")
    superuser.post(f"/admin/tts_app/voice/{voice.pk}/change/", {})
    event = AuditEvent.objects.get()
    assert (event.action, event.subject) == ("changed", "voice:en_US-joe-medium")
    assert event.details == {"name": voice.name, "fields": "Enabled"}


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("disable", {"enabled": "no"}),
        ("enable", {"enabled": "yes"}),
        ("choose_default", {"default": "yes"}),
    ],
)
def test_it_records_what_is_done_to_chosen_voices(
    superuser: Client, action: str, fields: dict[str, str]
) -> None:
    voice = Voice.objects.create(name="en_US-joe-medium")
    chosen = {"action": action, "_selected_action": [voice.pk]}
    superuser.post("/admin/tts_app/voice/", chosen)
    event = AuditEvent.objects.get()
    assert (event.action, event.subject) == ("changed", "voice:en_US-joe-medium")
    assert event.details == fields


def test_many_rows_deleted_together_are_one_event(superuser: Client) -> None:
    rows = [Transcript.objects.create(text="x") for _ in range(30)]
    superuser.post(
        "/admin/gateway_app/transcript/",
        {
            "action": "delete_selected",
            "_selected_action": [row.pk for row in rows],
            "post": "yes",
        },
    )
    event = AuditEvent.objects.get()
    assert (event.action, event.subject) == ("deleted", "transcript")
    assert event.details["count"] == 30
    assert not Transcript.objects.exists()


def test_exports_are_recorded_those_of_the_log_too(superuser: Client) -> None:
    Transcript.objects.create(text="x")
    superuser.post(
        "/admin/gateway_app/transcript/export/", {"format": 0, "resource": 0}
    )
    response = superuser.post(f"{LIST}export/", {"format": 0, "resource": 0})
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert [(row["action"], row["subject"]) for row in rows] == [
        ("exported", "transcript")
    ]
    assert rows[0]["details"] == '{"rows": 1, "format": "csv"}'
    assert [action for _, action, _ in events(subject="auditevent")] == ["exported"]


@pytest.mark.parametrize("word", ["alice", "voice:a", "Joe", "192.0.2.7", "req-1"])
def test_the_list_finds_actors_subjects_and_addresses(
    superuser: Client, word: str
) -> None:
    alice = User.objects.create_user("alice")
    record("local", Action.CREATED, "other")
    with bound_contextvars(client="192.0.2.7", request_id="req-1"):
        record(f"user:{alice.pk}", Action.CREATED, "voice:a", name="Joe")
    response = superuser.get(f"{LIST}?q={word}")
    found = [event.subject for event in response.context["cl"].result_list]
    assert found == ["voice:a"]


def test_the_list_filters_by_action(superuser: Client) -> None:
    record("local", Action.CREATED, "voice:a")
    record("local", Action.DELETED, "voice:b")
    response = superuser.get(f"{LIST}?action=deleted")
    assert [event.subject for event in response.context["cl"].result_list] == [
        "voice:b"
    ]


def test_nobody_edits_or_deletes_an_event(superuser: Client) -> None:
    record("local", Action.CREATED, "voice:a", name="<script>alert(1)</script>")
    event = AuditEvent.objects.get()
    page = superuser.get(f"{LIST}{event.pk}/change/").content.decode()
    assert "&lt;script&gt;" in page and "<script>alert" not in page
    assert superuser.get(f"{LIST}add/").status_code == 403
    for path in (f"{event.pk}/change/", f"{event.pk}/delete/"):
        assert superuser.post(f"{LIST}{path}", {"post": "yes"}).status_code == 403
    superuser.post(
        LIST,
        {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"},
    )
    assert events() == [("local", "created", "voice:a")]


def test_the_list_needs_its_permission() -> None:
    user = User.objects.create_user("clerk", is_staff=True)
    client = Client()
    client.force_login(user)
    assert client.get(LIST).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_auditevent"))
    assert client.get(LIST).status_code == 200


async def test_a_request_gives_its_address_and_its_id(client_for: Any) -> None:
    def sign_in() -> str:
        client = Client()
        client.force_login(User.objects.create_superuser("root"))
        AuditEvent.objects.all().delete()
        Transcript.objects.create(text="x")
        return str(client.cookies["sessionid"].value)

    cookie = await database_sync_to_async(sign_in)()
    async with client_for() as client:
        page = await client.get(
            "/admin/gateway_app/transcript/export/",
            headers={"Cookie": f"sessionid={cookie}"},
        )
        token = page.cookies["csrftoken"]
        await client.post(
            "/admin/gateway_app/transcript/export/",
            data={"format": 0, "resource": 0, "csrfmiddlewaretoken": token},
            headers={
                "Cookie": f"sessionid={cookie}; csrftoken={token}",
                "X-Request-ID": "r-1",
            },
        )
    event = await AuditEvent.objects.aget()
    assert (event.request_id, event.client, event.actor_name) == (
        "r-1",
        "127.0.0.1",
        "root",
    )
