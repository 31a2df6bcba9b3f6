"""The admin's page for downloads: who may, what it offers, with and without a script."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from django.contrib.auth.models import Permission, User
from django.test import AsyncClient

from common.models.files import find_voices
from gateway_app.models import AuditEvent
from tests.fake_services import FakeServices, loaded_config
from tests.servers.hub import Hub, running_hub
from tests.small_voice import small_voice
from tts_app.core.piper.engine import PiperEngine
from tts_app.core.voices.downloads import VoiceDownloads
from tts_app.services import SpeechServices
from tts_app.voice_admin.installed import downloaded_for
from voiceproject.asgi import build_application

PAGE = "/admin/tts_app/voice/download/"
GOOD = "en_US-small-low"
WRONG = "de_DE-wrong-low"
PATIENCE_SECONDS = 60.0
FORM = {"Accept": "text/html,application/xhtml+xml"}
SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def hub() -> Iterator[Hub]:
    config = find_voices(loaded_config().config)[0].config.read_bytes()
    with running_hub() as hub:
        hub.add_voice(GOOD, onnx=small_voice(), config=config)
        hub.add_voice(WRONG, onnx=b"no model" * 100_000, config=config)
        yield hub


@pytest.fixture
async def services(
    make_services: Callable[..., FakeServices], hub: Hub, tmp_path: Path
) -> AsyncIterator[FakeServices]:
    settings: dict[str, Any] = {
        "data_dir": str(tmp_path / "data"),
        "voices_dir": str(tmp_path / "voices"),
        "engine_isolation": "thread",
    }
    piper = PiperEngine(loaded_config(**settings).config)
    services = make_services(tts=piper, **settings)
    config, speech = services.config, services.speech
    downloads = VoiceDownloads(config, downloaded_for(speech), hub.url)
    services.change(SpeechServices, downloads=downloads)
    yield services
    hub.released.set()
    await downloads.stop()


async def signed_in(client: httpx.AsyncClient, *permissions: str) -> httpx.AsyncClient:
    """The client with the session of a member of staff, as the pages send it."""
    user = await User.objects.acreate(username="ada", is_staff=True)
    async for each in Permission.objects.filter(codename__in=permissions):
        await user.user_permissions.aadd(each)
    browser = AsyncClient()
    await browser.aforce_login(user)
    token = "t" * 32
    client.cookies.set("sessionid", browser.cookies["sessionid"].value)
    client.cookies.set("csrftoken", token)
    client.headers["X-CSRFToken"] = token
    return client


@pytest.fixture
async def keeper(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Who may change voices."""
    return await signed_in(client, "view_voice", "change_voice")


async def begin(
    client: httpx.AsyncClient, name: str, how: dict[str, str] = SCRIPT
) -> httpx.Response:
    return await client.post(f"{PAGE}begin/", data={"name": name}, headers=how)


async def ended(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    """What the page is told of the download once nothing runs any more."""
    return await told_when(client, name, lambda each: not each["active"])


async def told_when(
    client: httpx.AsyncClient, name: str, fits: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        told = (await client.get(f"{PAGE}state/")).json()["downloads"]
        found: dict[str, Any] = next(each for each in told if each["name"] == name)
        if fits(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"{name} is still on its way")


async def test_only_those_who_may_change_voices_download(
    client: httpx.AsyncClient, hub: Hub
) -> None:
    stranger = await client.get(PAGE, headers=FORM)
    assert stranger.headers["location"] == f"/admin/login/?next={PAGE}"
    assert (await client.get(f"{PAGE}state/", headers=SCRIPT)).status_code == 403
    reader = await signed_in(client, "view_voice")
    assert (await reader.get(PAGE)).status_code == 403
    assert (await reader.get(f"{PAGE}state/")).status_code == 403
    assert (await begin(reader, GOOD)).status_code == 403
    cancelled = await reader.post(f"{PAGE}cancel/", data={"name": GOOD})
    assert cancelled.status_code == 403
    assert hub.requests == []


async def test_it_needs_a_csrf_token(keeper: httpx.AsyncClient) -> None:
    del keeper.headers["X-CSRFToken"]
    assert (await begin(keeper, GOOD)).status_code == 403


async def test_the_list_of_voices_leads_there(keeper: httpx.AsyncClient) -> None:
    answer = await keeper.get("/admin/tts_app/voice/fetch/")
    assert answer.headers["location"] == PAGE


async def test_it_offers_what_the_hub_has(keeper: httpx.AsyncClient) -> None:
    page = (await keeper.get(PAGE)).text
    assert '<optgroup label="German Germany">' in page
    assert f'<option value="{GOOD}">' in page
    assert "voice-download.js" in page
    assert "No downloads since" in page


async def test_without_a_network_it_says_what_is_wrong_and_what_helps(
    keeper: httpx.AsyncClient, services: FakeServices
) -> None:
    config = services.config
    downloads = VoiceDownloads(
        config, downloaded_for(services.speech), "http://127.0.0.1:9"
    )
    services.change(SpeechServices, downloads=downloads)
    page = (await keeper.get(PAGE)).text
    assert "the connection to 127.0.0.1 failed" in page
    assert "Upload a voice instead" in page
    refused = await begin(keeper, GOOD)
    assert refused.status_code == 503
    assert "127.0.0.1 failed" in refused.json()["error"]["message"]


async def test_a_process_that_only_listens_says_so(
    keeper: httpx.AsyncClient, services: FakeServices
) -> None:
    services.remove(SpeechServices)
    assert "This process has no text to speech" in (await keeper.get(PAGE)).text
    assert (await begin(keeper, GOOD)).status_code == 404


async def test_the_script_is_told_how_far_it_is(
    keeper: httpx.AsyncClient, services: FakeServices, hub: Hub
) -> None:
    await keeper.get(PAGE)
    hub.stall_after_bytes = 400_000
    begun = await begin(keeper, WRONG)
    assert begun.json()["state"] == "waiting"
    await told_when(keeper, WRONG, lambda each: each["percent"] == 49)
    # Somebody else, while the hub keeps the download waiting.
    transport = httpx.ASGITransport(build_application(services))
    async with httpx.AsyncClient(transport=transport, base_url=keeper.base_url) as any:
        with anyio.fail_after(PATIENCE_SECONDS / 2):
            assert (await any.get("/voices")).status_code == 200
    (told,) = (await keeper.get(f"{PAGE}state/")).json()["downloads"]
    assert told["words"] == "Downloading"
    assert told["figures"].startswith("0.4 / 0.8 MB, 49 %")
    assert told["stoppable"]
    cancelled = await keeper.post(
        f"{PAGE}cancel/", data={"name": WRONG}, headers=SCRIPT
    )
    assert cancelled.json()["words"] == "Cancelled"
    hub.released.set()
    assert (await ended(keeper, WRONG))["state"] == "cancelled"


async def test_the_script_is_told_what_was_wrong(keeper: httpx.AsyncClient) -> None:
    await begin(keeper, WRONG)
    told = await ended(keeper, WRONG)
    assert told["words"] == "Failed"
    assert "not an ONNX model" in told["problem"]
    unknown = await begin(keeper, "de_DE-wrang-low")
    assert unknown.status_code == 404
    assert f"Did you mean `{WRONG}`" in unknown.json()["error"]["message"]
    nothing = await keeper.post(f"{PAGE}cancel/", data={"name": "x"}, headers=SCRIPT)
    assert nothing.status_code == 404


async def test_without_a_script_the_forms_do_the_same(
    keeper: httpx.AsyncClient,
) -> None:
    begun = await begin(keeper, WRONG, FORM)
    assert (begun.status_code, begun.headers["location"]) == (302, PAGE)
    await ended(keeper, WRONG)
    page = (await keeper.get(PAGE)).text
    assert "not an ONNX model" in page
    assert "Refresh progress" in page
    await begin(keeper, "nobody", FORM)
    assert "The hub has no voice `nobody`" in (await keeper.get(PAGE)).text


@pytest.mark.model
async def test_a_downloaded_voice_is_offered_at_once(
    keeper: httpx.AsyncClient, services: FakeServices
) -> None:
    piper = services.tts
    await piper.start()
    try:
        assert GOOD not in (await keeper.get("/voices")).json()["voices"]
        await begin(keeper, GOOD)
        # The page is closed meanwhile; nobody asks how far it is.
        task = services[SpeechServices].downloads.downloads[0].task
        assert task is not None
        await asyncio.wait_for(asyncio.wait({task}), PATIENCE_SECONDS)
        offered = (await keeper.get("/voices")).json()
        assert GOOD in offered["voices"]
        details = {each["name"]: each for each in offered["details"]}
        assert len(details[GOOD]["sha256"]) == 64
        wish = {"text": "Hello.", "llm": False, "voice": GOOD}
        assert (await keeper.post("/tts", json=wish)).status_code == 200
        assert f'<option value="{GOOD}">' not in (await keeper.get(PAGE)).text
        event = await AuditEvent.objects.aget(action="installed")
        assert (event.actor_name, event.subject) == ("ada", f"voice:{GOOD}")
        again = await begin(keeper, GOOD)
        assert again.status_code == 400
        assert "already installed" in json.dumps(again.json())
    finally:
        await piper.stop()
