"""What a signed-in user may open, sees as links, and reaches by an id."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.test import Client

from gateway_app.access.principals import Role
from gateway_app.accounts.roles import role_group
from gateway_app.audit.log import Action, record
from gateway_app.models import AuditEvent, Synthesis, Transcript
from tts_app.models import Voice

KEY = "a-long-key"
HTML = {"Accept": "text/html"}


async def session_of(name: str, role: Role | None) -> str:
    """The session of a new member of staff with this role."""
    return str(await database_sync_to_async(_session_of)(name, role))


def _session_of(name: str, role: Role | None) -> str:
    user = User.objects.create_user(name, is_staff=True)
    if role is not None:
        user.groups.set([role_group(role)])
    client = Client()
    client.force_login(user)
    return str(client.cookies["sessionid"].value)


async def page(client: httpx.AsyncClient, path: str) -> httpx.Response:
    return await client.get(path, headers=HTML)


@pytest.mark.parametrize(
    ("role", "opens", "refuses"),
    [
        (Role.READER, ["/", "/monitor/", "/api/"], ["/speak/", "/listen/"]),
        (Role.OPERATOR, ["/", "/speak/", "/listen/", "/monitor/"], []),
        (None, ["/", "/speak/", "/listen/", "/monitor/"], []),
    ],
)
async def test_pages_show_the_links_that_a_role_may_open(
    client_for: Any, role: Role | None, opens: list[str], refuses: list[str]
) -> None:
    async with client_for(api_keys=[KEY]) as client:
        client.cookies.set("sessionid", await session_of("alice", role))
        home = (await page(client, "/")).text
        for path in opens:
            assert (await page(client, path)).status_code == 200
            assert f'href="{path}"' in home
        admin = (await page(client, "/admin/")).text
        for path in refuses:
            assert f'href="{path}"' not in home
            assert f'href="{path}"' not in admin
            refused = await page(client, path)
            assert refused.status_code == 403
            assert "You are signed in as alice." in refused.text
            assert 'action="/admin/logout/"' in refused.text
            assert (await client.get(path)).json()["error"]["code"] == "forbidden"


async def test_a_reader_may_not_use_what_the_links_lead_to(client_for: Any) -> None:
    async with client_for(api_keys=[KEY]) as client:
        client.cookies.set("sessionid", await session_of("alice", Role.READER))
        client.cookies.set("csrftoken", "t" * 32)
        answer = await client.post(
            "/tts",
            json={"text": "Hello."},
            headers={"X-CSRFToken": "t" * 32, "Origin": "http://localhost"},
        )
        assert answer.status_code == 403
        assert "`tts`" in answer.json()["error"]["message"]


def rows_of_others() -> list[str]:
    """One row of each kind, and the addresses that name it by its id."""
    transcript = Transcript.objects.create(text="secret", principal="user:999")
    synthesis = Synthesis.objects.create(text_in="secret", principal="user:999")
    record("user:999", Action.CREATED, "secret")
    event = AuditEvent.objects.latest()
    voice = Voice.objects.create(name="secret")
    bob = User.objects.create_user("bob-secret")
    found = []
    for row in (transcript, synthesis, event, voice, bob, role_group(Role.READER)):
        meta = row._meta
        base = f"/admin/{meta.app_label}/{meta.model_name}/"
        for pk in (row.pk, 123_456):
            found += [f"{base}{pk}/{what}/" for what in ("change", "delete", "history")]
    found += [f"/admin/tts_app/voice/{pk}/listen/" for pk in (voice.pk, 123_456)]
    return [*found, f"/admin/auth/user/{bob.pk}/password/"]


async def test_no_id_leads_to_what_a_user_may_not_see(client_for: Any) -> None:
    addresses = await database_sync_to_async(rows_of_others)()
    async with client_for(api_keys=[KEY]) as client:
        client.cookies.set("sessionid", await session_of("alice", None))
        for path in addresses:
            answer = await page(client, path)
            # Whether there is such a row makes no difference, except in the history
            # of a row, which sends to the start of the admin without one.
            assert answer.status_code in (302, 403, 404), path
            assert "secret" not in answer.text, path
        for table in ("transcript", "synthesis", "auditevent", "usageday"):
            answer = await page(client, f"/admin/gateway_app/{table}/?q=secret")
            assert answer.status_code in (403, 404)


async def test_a_conversation_of_another_user_is_not_there(client_for: Any) -> None:
    async with client_for(api_keys=[KEY]) as client:
        headers = {"X-CSRFToken": "t" * 32, "Origin": "http://localhost"}
        sessions = [await session_of(name, Role.OPERATOR) for name in ("alice", "bob")]
        client.cookies.set("csrftoken", "t" * 32)
        client.cookies.set("sessionid", sessions[0])
        spoken = {"text": "Hello.", "conversation_id": "kitchen"}
        said = await client.post("/tts", json=spoken, headers=headers)
        assert said.status_code == 200
        client.cookies.set("sessionid", sessions[1])
        path = "/tts/conversations/kitchen"
        assert (await client.delete(path, headers=headers)).status_code == 404
        client.cookies.set("sessionid", sessions[0])
        assert (await client.delete(path, headers=headers)).status_code == 204
