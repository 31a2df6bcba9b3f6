"""`manage.py users`: accounts with roles, without knowing Django."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from gateway_app.models import AuditEvent

PASSWORD = "a-long-enough-password"

pytestmark = pytest.mark.django_db(transaction=True)

Users = Callable[..., str]


@pytest.fixture
def users() -> Users:
    """Runs a verb, with the password on standard input; returns what it prints."""

    def run(*arguments: str, password: str = PASSWORD) -> str:
        given, printed = sys.stdin, io.StringIO()
        sys.stdin = io.StringIO(f"{password}\n")
        try:
            call_command("users", *arguments, stdout=printed)
        finally:
            sys.stdin = given
        return printed.getvalue()

    return run


def create(users: Users, name: str, role: str, password: str = PASSWORD) -> str:
    return users("create", name, "--role", role, "--password-stdin", password=password)


def test_it_creates_an_account_that_can_sign_in(users: Users) -> None:
    assert create(users, "alice", "operator") == "Created alice, operator.\n"
    user = authenticate(username="alice", password=PASSWORD)
    assert isinstance(user, User) and user.is_staff and not user.is_superuser
    client = Client()
    client.force_login(user)
    assert client.get("/admin/tts_app/voice/").status_code == 200
    assert client.get("/admin/auth/user/").status_code == 403


@pytest.mark.parametrize(
    ("name", "password", "reason"),
    [
        ("alice", PASSWORD, "already exists"),
        ("a b", PASSWORD, "valid username"),
        ("bob", "short", "too short"),
        ("bob", "password123", "too common"),
        ("bob", "", "too short"),
    ],
)
def test_it_says_why_it_creates_none(
    users: Users, name: str, password: str, reason: str
) -> None:
    create(users, "alice", "reader")
    with pytest.raises(CommandError, match=reason):
        create(users, name, "reader", password)
    assert [user.username for user in User.objects.all()] == ["alice"]


def test_it_lists_accounts_with_their_roles(users: Users) -> None:
    assert "no account" in users("list")
    create(users, "alice", "reader")
    User.objects.create_superuser("root")
    User.objects.create_user("guest", is_active=False)
    lines = [line.split() for line in users("list").splitlines()]
    assert [line[:2] for line in lines] == [
        ["alice", "reader"],
        ["guest", "none"],
        ["root", "superuser"],
    ]
    assert lines[1][-1] == "disabled"


def test_it_changes_a_role_and_leaves_other_groups(users: Users) -> None:
    create(users, "alice", "reader")
    alice = User.objects.get()
    alice.groups.create(name="choir")
    assert "administrator now" in users("set-role", "alice", "administrator")
    names = set(alice.groups.values_list("name", flat=True))
    assert names == {"administrator", "choir"}


def test_it_does_not_pretend_to_take_from_a_superuser(users: Users) -> None:
    User.objects.create_superuser("root")
    with pytest.raises(CommandError, match="is a superuser"):
        users("set-role", "root", "reader")


def test_a_disabled_account_has_no_session_any_more(users: Users) -> None:
    create(users, "alice", "reader")
    client = Client()
    client.force_login(User.objects.get())
    assert client.get("/admin/").status_code == 200
    users("disable", "alice")
    assert client.get("/admin/").status_code == 302
    assert authenticate(username="alice", password=PASSWORD) is None
    users("enable", "alice")
    assert authenticate(username="alice", password=PASSWORD)


def test_it_says_that_there_is_no_such_account(users: Users) -> None:
    with pytest.raises(CommandError, match="no account `bob`"):
        users("disable", "bob")


def test_each_change_is_in_the_audit_log(users: Users) -> None:
    create(users, "alice", "reader")
    users("set-role", "alice", "operator")
    users("disable", "alice")
    subject = f"user:{User.objects.get().pk}"
    events = AuditEvent.objects.order_by("pk")
    assert {(event.actor, event.subject) for event in events} == {("local", subject)}
    assert [(event.action, event.details) for event in events] == [
        ("created", {"name": "alice", "role": "reader"}),
        ("changed", {"name": "alice", "role": "operator", "before": "reader"}),
        ("changed", {"name": "alice", "active": "no"}),
    ]
    assert PASSWORD not in str(list(events.values()))
