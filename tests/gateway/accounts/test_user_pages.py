"""The admin's pages of accounts: who is what, who is disabled, and when they signed in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from gateway_app.access.principals import Role
from gateway_app.accounts.roles import role_group

LIST = "/admin/auth/user/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def alice() -> User:
    user = User.objects.create_user("alice", is_active=False)
    user.groups.set([role_group(Role.OPERATOR), Group.objects.create(name="choir")])
    return user


def listed(client: Client, **query: str) -> list[str]:
    page = client.get(LIST, query)
    assert page.status_code == 200
    return sorted(user.username for user in page.context["cl"].result_list)


def test_the_list_shows_the_role_and_who_is_disabled(root: Client, alice: User) -> None:
    User.objects.create_user("bob")
    page = root.get(LIST)
    (row,) = [r for r in page.content.decode().split("<tr") if ">alice<" in r]
    assert "operator" in row
    assert "choir" not in row
    assert "disabled" in row
    (row,) = [r for r in page.content.decode().split("<tr") if ">bob<" in r]
    assert "none" in row
    assert "disabled" not in row


def test_the_list_is_filtered_by_role_and_state(root: Client, alice: User) -> None:
    assert listed(root) == ["alice", "root"]
    assert listed(root, is_active__exact="0") == ["alice"]
    assert listed(root, is_superuser__exact="1") == ["root"]
    operator = role_group(Role.OPERATOR)
    assert listed(root, groups__id__exact=str(operator.pk)) == ["alice"]


def test_an_account_that_may_not_see_the_audit_log_is_not_led_there() -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(content_type__model="user"))
    client = Client()
    client.force_login(clerk)
    assert "sign-ins" not in client.get(f"{LIST}{clerk.pk}/change/").content.decode()
    answer = client.get(f"{LIST}{clerk.pk}/sign-ins", follow=True)
    assert answer.status_code == 403


def test_a_page_leads_to_the_sign_ins_of_its_account(root: Client) -> None:
    alice = User.objects.create_user("alice", is_staff=True)
    Client().force_login(alice)
    page = root.get(f"{LIST}{alice.pk}/change/")
    assert f"{LIST}{alice.pk}/sign-ins" in page.content.decode()
    events = root.get(f"{LIST}{alice.pk}/sign-ins", follow=True)
    shown = [(e.actor, e.action) for e in events.context["cl"].result_list]
    assert shown == [(f"user:{alice.pk}", "signed_in")]


def test_the_list_asks_no_query_for_each_account(
    root: Client, alice: User, django_assert_max_num_queries: object
) -> None:
    for number in range(20):
        user = User.objects.create_user(f"user {number}")
        user.groups.add(role_group(Role.READER))
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        root.get(LIST)
