"""The voices: what is offered, what an administrator has chosen, and hearing one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from tests.fake_services import FakeServices
from tests.fakes import FakeTts
from tts_app.models import Voice
from tts_app.services import SpeechServices
from tts_app.voices.storage import sync_voices
from voiceproject.asgi import build_application

NAMES = ("en_US-fake-medium", "de_DE-fake-medium", "fr_FR-fake-low")


@pytest.fixture
def services(make_services: Callable[..., FakeServices]) -> Any:
    return make_services(tts=FakeTts(NAMES))


async def in_database(work: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.to_thread(work, *arguments)


async def choose(services: FakeServices, name: str, **changes: bool) -> None:
    """Write the installed voices to the database, and change one of them there."""
    await in_database(sync_voices, services.tts.voices())
    await in_database(lambda: Voice.objects.filter(name=name).update(**changes))


async def test_it_lists_what_is_installed(client: httpx.AsyncClient) -> None:
    body = (await client.get("/voices")).json()
    assert body["voices"] == list(NAMES)
    assert body["default"] == NAMES[0]
    assert [each["name"] for each in body["details"]] == list(NAMES)
    assert body["details"][1]["language"] == "de_DE"


async def test_a_disabled_voice_is_neither_listed_nor_spoken(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    await choose(services, NAMES[1], enabled=False)
    assert NAMES[1] not in (await client.get("/voices")).json()["voices"]
    wish = {"text": "Hello.", "llm": False, "voice": NAMES[1]}
    answer = await client.post("/tts", json=wish)
    assert answer.status_code == 404
    assert NAMES[2] in answer.json()["error"]["message"]


async def test_the_chosen_default_speaks(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    await choose(services, NAMES[2], default=True)
    assert (await client.get("/voices")).json()["default"] == NAMES[2]
    answer = await client.post("/tts", json={"text": "Hello.", "llm": False})
    assert answer.headers["X-Voice"] == NAMES[2]


async def test_no_voice_left_is_an_empty_list_and_a_503(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    for name in NAMES:
        await choose(services, name, enabled=False)
    body = (await client.get("/voices")).json()
    assert body == {"voices": [], "default": None, "details": []}
    answer = await client.post("/tts", json={"text": "Hello.", "llm": False})
    assert answer.status_code == 503


@pytest.mark.parametrize(("method", "path"), [("GET", "/voices"), ("POST", "/tts")])
async def test_a_service_that_only_listens_does_not_speak(
    method: str, path: str, services: FakeServices, transactional_db: None
) -> None:
    services.remove(SpeechServices)
    transport = httpx.ASGITransport(build_application(services))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        body = {"text": "Hello."} if method == "POST" else None
        answer = await client.request(method, path, json=body)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.django_db
def test_a_sync_keeps_choices_and_marks_what_is_gone() -> None:
    voices = FakeTts(NAMES).voices()
    assert sync_voices(voices).added == list(NAMES)
    Voice.objects.filter(name=NAMES[0]).update(enabled=False)
    result = sync_voices(voices[:2])
    assert (result.added, result.gone) == ([], [NAMES[2]])
    assert not Voice.objects.get(name=NAMES[0]).enabled
    assert not Voice.objects.get(name=NAMES[2]).installed
    sync_voices(voices)
    assert Voice.objects.get(name=NAMES[2]).installed


@pytest.fixture
def superuser(db: None) -> Client:
    browser = Client()
    browser.force_login(User.objects.create_superuser("ada"))
    return browser


@pytest.mark.django_db(transaction=True)
async def test_the_admin_lets_a_voice_be_heard_that_is_not_offered(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    await choose(services, NAMES[1], enabled=False)
    voice = await Voice.objects.aget(name=NAMES[1])
    address = reverse("admin:tts_app_voice_listen", args=[voice.pk])
    assert (await client.get(address)).status_code in (302, 401, 403)
    browser = Client()
    user = await in_database(User.objects.create_superuser, "ada")
    await in_database(browser.force_login, user)
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    client.cookies.update(cookies)
    answer = await client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "audio/mpeg"
    assert answer.headers["X-Voice"] == NAMES[1]
    assert services.history.records[-1].principal == f"user:{user.pk}"


def act(browser: Client, action: str, *names: str) -> str:
    """Run an action of the admin on voices; what it says last."""
    chosen = Voice.objects.filter(name__in=names).values_list("pk", flat=True)
    answer = browser.post(
        reverse("admin:tts_app_voice_changelist"),
        {"action": action, "_selected_action": [str(pk) for pk in chosen]},
        headers={"host": "localhost"},
    )
    assert answer.status_code == 302
    return str(list(get_messages(answer.wsgi_request))[-1])


def test_the_admin_shows_the_checksums(superuser: Client) -> None:
    known, unknown = FakeTts(NAMES[:2]).voices()
    sync_voices([replace(known, sha256="0123456789abcdef" * 4), unknown])
    listed = superuser.get(
        reverse("admin:tts_app_voice_changelist"), headers={"host": "localhost"}
    ).content.decode()
    assert "0123456789ab<" in listed
    assert "not kept<" in listed
    voice = Voice.objects.get(name=NAMES[0])
    page = superuser.get(
        reverse("admin:tts_app_voice_change", args=[voice.pk]),
        headers={"host": "localhost"},
    )
    assert "0123456789abcdef" * 4 in page.content.decode()


def test_the_admin_offers_and_stops_offering_voices(superuser: Client) -> None:
    sync_voices(FakeTts(NAMES).voices())
    said = act(superuser, "disable", NAMES[0], NAMES[1])
    assert said == "Voices no longer offered: 2."
    act(superuser, "enable", NAMES[1])
    enabled = Voice.objects.filter(enabled=True).values_list("name", flat=True)
    assert set(enabled) == {NAMES[1], NAMES[2]}


def test_the_admin_chooses_exactly_one_default(superuser: Client) -> None:
    sync_voices(FakeTts(NAMES).voices())
    act(superuser, "choose_default", NAMES[0])
    act(superuser, "choose_default", NAMES[2])
    assert Voice.objects.get(default=True).name == NAMES[2]
    said = act(superuser, "choose_default", NAMES[0], NAMES[1])
    assert said == "Choose exactly one voice."
    act(superuser, "disable", NAMES[2])
    assert not Voice.objects.filter(default=True).exists()
