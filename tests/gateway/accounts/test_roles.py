"""Roles: what a reader, an operator and an administrator may do."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client

from gateway_app.access.principals import (
    ALL_SCOPES,
    SCOPES_WITHOUT_ROLE,
    Role,
    Scope,
    principals_of_accounts,
    scopes_of_user,
    user_id,
    user_principal,
)
from gateway_app.accounts.roles import ROLE_RIGHTS, role_group
from gateway_app.models import Transcript

migration = import_module("gateway_app.migrations.0008_roles")
conversations = import_module("chat_app.migrations.0002_roles")


def test_each_role_has_its_scopes() -> None:
    def scopes(*groups: str) -> set[str]:
        return {scope.value for scope in scopes_of_user(groups, is_superuser=False)}

    assert scopes("reader") == {"monitor", "history:read"}
    assert scopes("operator") == {
        *("stt", "tts", "chat", "monitor", "history:read", "voices:write")
    }
    assert scopes("administrator", "choir") == set(ALL_SCOPES)
    assert scopes("reader", "administrator") == set(ALL_SCOPES)
    assert scopes("choir") == scopes() == set(SCOPES_WITHOUT_ROLE)
    assert {Scope.HISTORY, Scope.VOICES, Scope.ADMIN}.isdisjoint(SCOPES_WITHOUT_ROLE)
    assert scopes_of_user([], is_superuser=True) == ALL_SCOPES


def test_the_migrations_grant_what_the_table_says() -> None:
    for role, rights in ROLE_RIGHTS.items():
        added = conversations.ADDED[role.value]
        assert {tuple(right) for right in rights} == {
            *migration.ROLES[role.value],
            *(("chat_app", "conversation", action) for action in added),
        }


@pytest.mark.django_db(transaction=True)
class TestInTheDatabase:
    """With groups and accounts."""

    def test_the_migration_makes_the_groups_and_takes_them_back(self) -> None:
        Group.objects.all().delete()
        with connection.schema_editor() as editor:
            migration.create_roles(apps, editor)
        codenames = Group.objects.get(name="operator").permissions.values_list(
            "codename", flat=True
        )
        assert "change_voice" in codenames and "view_user" not in codenames
        with connection.schema_editor() as editor:
            migration.remove_roles(apps, editor)
        assert not Group.objects.exists()

    def test_a_group_that_was_there_before_keeps_its_permissions(self) -> None:
        Group.objects.all().delete()
        Group.objects.create(name="reader")
        with connection.schema_editor() as editor:
            migration.create_roles(apps, editor)
        assert not Group.objects.get(name="reader").permissions.exists()

    def test_those_who_read_the_history_read_conversations(self) -> None:
        Group.objects.all().delete()
        Group.objects.create(name="operator")  # without permissions
        with connection.schema_editor() as editor:
            migration.create_roles(apps, editor)
            conversations.grant(apps, editor)

        def readers() -> set[str]:
            codename = "permissions__codename"
            found = Group.objects.filter(**{codename: "view_conversation"})
            return set(found.values_list("name", flat=True))

        assert readers() == {"reader", "administrator"}
        with connection.schema_editor() as editor:
            conversations.revoke(apps, editor)
        assert readers() == set()

    async def test_an_account_has_the_scopes_of_its_group(self) -> None:
        alice = await User.objects.acreate(username="alice")
        group, _ = await Group.objects.aget_or_create(name="reader")
        await alice.groups.aadd(group)
        principal = await user_principal(alice)
        assert principal.scopes == {Scope.MONITOR, Scope.HISTORY}
        bob = await User.objects.acreate(username="bob", is_active=False)
        ids = [principal.id, user_id(bob), "user:0", "key:1", "user:x"]
        assert await principals_of_accounts(ids) == {principal.id: principal}

    # page of the admin -> who sees it
    PAGES = (
        ("/admin/gateway_app/transcript/", {*Role}),
        ("/admin/chat_app/conversation/", {*Role}),
        ("/admin/tts_app/voice/", {*Role}),
        ("/admin/auth/user/", {Role.ADMINISTRATOR}),
        ("/admin/gateway_app/auditevent/", {Role.ADMINISTRATOR}),
    )

    @pytest.mark.parametrize("role", Role)
    def test_the_admin_shows_each_role_its_pages(self, role: Role) -> None:
        client = signed_in(role)
        for page, roles in self.PAGES:
            assert client.get(page).status_code == (200 if role in roles else 403), page
        index = client.get("/admin/").content.decode()
        for page, roles in self.PAGES:
            assert (f'href="{page}"' in index) == (role in roles), page

    @pytest.mark.parametrize("role", Role)
    def test_operators_and_administrators_delete_history(self, role: Role) -> None:
        row = Transcript.objects.create(text="x")
        url = f"/admin/gateway_app/transcript/{row.pk}/delete/"
        status = signed_in(role).post(url, {"post": "yes"}).status_code
        assert status == (403 if role is Role.READER else 302)


def signed_in(role: Role) -> Client:
    user = User.objects.create_user(role.value, is_staff=True)
    user.groups.set([role_group(role)])
    client = Client()
    client.force_login(user)
    return client
