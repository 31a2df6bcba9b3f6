"""The gallery of voices, the Speak page's hints, and new voices in the admin's list."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from tests.fake_services import FakeServices
from tests.fakes import FakeLlm, FakeTts
from tts_app.core.engine import VoiceInfo
from tts_app.models import Voice
from tts_app.services import SpeechServices
from tts_app.voices.gallery import ShownVoice, language_name, voice_groups
from tts_app.voices.selector import AvailableVoices
from tts_app.voices.storage import sync_voices, take_up_changes
from voiceproject.asgi import build_application

GALLERY = "/voices/gallery/"
ADMIN_LIST = "/admin/tts_app/voice/"
NAMES = ("fr_FR-fake-low", "en_US-fake-medium", "en_GB-other-high")
HTML = {"Accept": "text/html"}


@pytest.fixture
def services(make_services: Callable[..., FakeServices]) -> Any:
    return make_services(tts=FakeTts(NAMES))


def client_of(services: FakeServices) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(build_application(services))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def page(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path, headers=HTML)
    assert answer.status_code == 200, answer.text
    return answer.text


async def sign_in(client: httpx.AsyncClient) -> None:
    user = await asyncio.to_thread(User.objects.create_superuser, "ada")
    browser = Client()
    await browser.aforce_login(user)
    client.cookies.update({n: morsel.value for n, morsel in browser.cookies.items()})


def names_in(html: str) -> list[str]:
    return re.findall(r'data-voice="([^"]+)"', html)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("en_US", "English"),
        ("de-DE", "German"),
        ("zh_CN", "Simplified Chinese"),
        ("pt_BR", "Portuguese"),
        ("xx_YY", "xx_YY"),
        ("", ""),
    ],
)
def test_it_names_languages(code: str, name: str) -> None:
    assert language_name(code) == name


def test_it_names_languages_in_the_language_of_the_reader() -> None:
    with translation.override("de"):
        assert language_name("fr_FR") == "Französisch"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("en_US-joe-medium", "Joe"),
        ("de_DE-thorsten_emotional-high", "Thorsten emotional"),
        ("mine", "Mine"),
    ],
)
def test_it_shortens_the_names_of_voices(name: str, title: str) -> None:
    assert (
        ShownVoice(VoiceInfo(name, "en", "", 22_050), is_default=False).title == title
    )


def test_the_language_of_the_default_voice_comes_first_with_it_in_front() -> None:
    groups = voice_groups(AvailableVoices(FakeTts(NAMES).voices(), NAMES[1]))
    assert [group.language for group in groups] == ["English", "French"]
    assert [voice.info.name for voice in groups[0].voices] == [NAMES[1], NAMES[2]]
    assert [voice.is_default for voice in groups[0].voices] == [True, False]
    assert groups[1].voices[0].sample.startswith("Bonjour")


async def test_it_shows_every_voice_with_a_sample_and_a_way_to_use_it(
    client: httpx.AsyncClient,
) -> None:
    html = await page(client, GALLERY)
    assert sorted(names_in(html)) == sorted(NAMES)
    assert "Bonjour, voici le son de ma voix." in html
    assert 'href="/speak/?voice=fr_FR-fake-low"' in html
    assert "3 voices" in html
    assert "/admin/tts_app/voice/download/" not in html
    assert 'type="search"' not in html


async def test_a_disabled_voice_is_not_in_it(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    await asyncio.to_thread(sync_voices, services.tts.voices())
    await Voice.objects.filter(name=NAMES[2]).aupdate(enabled=False)
    assert NAMES[2] not in names_in(await page(client, GALLERY))


async def test_without_a_voice_it_says_how_to_get_one(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    await asyncio.to_thread(sync_voices, services.tts.voices())
    await Voice.objects.aupdate(enabled=False)
    assert "voices download" in await page(client, GALLERY)


async def test_who_may_install_voices_finds_the_way(client: httpx.AsyncClient) -> None:
    await sign_in(client)
    assert 'href="/admin/tts_app/voice/download/"' in await page(client, GALLERY)


async def test_many_voices_can_be_searched(
    make_services: Callable[..., FakeServices], transactional_db: None
) -> None:
    many = make_services(tts=FakeTts([f"en_US-voice{n}-low" for n in range(7)]))
    async with client_of(many) as client:
        assert 'type="search"' in await page(client, GALLERY)


async def test_a_service_that_only_listens_says_where_the_voices_are(
    services: FakeServices, transactional_db: None
) -> None:
    services.remove(SpeechServices)
    async with client_of(services) as client:
        assert names_in(await page(client, GALLERY)) == []
        assert "Answer with the language model" in await page(client, "/speak/")


@pytest.mark.parametrize(
    ("backend", "hint"),
    [
        ("embedded", "The built-in model is a small demo"),
        ("none", "This server has no language model."),
        ("ollama", "big-model answers the question"),
    ],
)
async def test_speak_says_who_would_answer(
    make_services: Callable[..., FakeServices],
    backend: str,
    hint: str,
    transactional_db: None,
) -> None:
    llm = FakeLlm()
    llm.backend, llm.model_name = backend, "big-model"
    async with client_of(make_services(llm=llm, tts_use_llm=True)) as client:
        html = await page(client, "/speak/")
        assert hint in html
        switch = re.search(r'<input type="checkbox" role="switch" id="llm"[^>]*>', html)
        assert switch is not None
        assert " checked" not in switch[0]
        assert (" disabled" in switch[0]) is (backend == "none")
        if backend != "ollama":
            configuration = await page(client, "/configuration/")
            assert 'href="/configuration/#language-model"' in html
            assert 'id="language-model"' in configuration


async def test_the_admin_lists_a_voice_that_came_after_the_start(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    await asyncio.to_thread(sync_voices, FakeTts(NAMES[:1]).voices())
    await sign_in(client)
    html = await page(client, ADMIN_LIST)
    assert NAMES[2] in html
    assert "<title> Voices |" in re.sub(r"\s+", " ", html)
    assert await Voice.objects.acount() == len(NAMES)


@pytest.mark.django_db
def test_an_engine_that_knows_no_voices_yet_takes_none_away() -> None:
    take_up_changes(FakeTts(NAMES).voices())
    take_up_changes([])
    assert Voice.objects.filter(installed=True).count() == len(NAMES)
    take_up_changes(FakeTts(NAMES[:1]).voices())
    assert Voice.objects.filter(installed=True).count() == 1
