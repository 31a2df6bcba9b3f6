"""The admin's ways to bring a voice: uploading its files, downloading it by name."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from common.config import project_dir
from common.models.files import find_voices
from tests.browser.watching import Watch, scrolls_sideways, violations
from tests.fake_services import loaded_config
from tests.server_process import RunningServer, running_server, server_environment
from tests.servers.hub import Hub, running_hub
from tests.small_voice import small_voice

pytestmark = [pytest.mark.browser, pytest.mark.model]

UPLOAD = "/admin/tts_app/voice/upload/"
DOWNLOAD = "/admin/tts_app/voice/download/"
NAME, PASSWORD = "ada", "a-long-password"
WIDTHS = [390, 1280]
PATIENCE_MS = 60_000
NO_VOICE = b"no model" * 100_000


@pytest.fixture(scope="module")
def config_json() -> bytes:
    return find_voices(loaded_config().config)[0].config.read_bytes()


@pytest.fixture
def hub(shared_hub: Hub) -> Hub:
    """The hub, well behaved again after each test."""
    shared_hub.stall_after_bytes = None
    shared_hub.released.clear()
    return shared_hub


@pytest.fixture(scope="module")
def shared_hub(config_json: bytes) -> Iterator[Hub]:
    with running_hub() as hub:
        for name in ("en_US-keyboard-low", "en_US-script-low", "en_US-plain-low"):
            hub.add_voice(name, onnx=small_voice(), config=config_json)
        hub.add_voice("de_DE-wrong-low", onnx=NO_VOICE, config=config_json)
        yield hub


@contextlib.contextmanager
def serving(folder: Path, hub_url: str) -> Iterator[RunningServer]:
    """A server with a real voice, and with a superuser."""
    settings = {
        "data_dir": folder / "data",
        "voices_dir": folder / "voices",
        "stt_engine": "tests.project.fake_engines:Stt",
        "llm_backend": "none",
        "hf_endpoint": hub_url,
        "hf_hub_download_timeout": 60,
        "hf_home": folder / "hub-cache",
    }
    with running_server(**settings) as server:
        subprocess.run(
            [sys.executable, "manage.py", "createsuperuser", "--noinput"],
            cwd=project_dir(),
            env={
                **os.environ,
                **server_environment(settings),
                "DJANGO_SUPERUSER_USERNAME": NAME,
                "DJANGO_SUPERUSER_EMAIL": "ada@example.com",
                "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
            },
            check=True,
            capture_output=True,
            timeout=60,
        )
        yield server


@pytest.fixture(scope="module")
def server(
    shared_hub: Hub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    with serving(tmp_path_factory.mktemp("voices"), shared_hub.url) as server:
        yield server


@pytest.fixture(scope="module")
def browser(
    launch: Callable[..., AbstractContextManager[Browser]],
) -> Iterator[Browser]:
    with launch() as started:
        yield started


@pytest.fixture(scope="module")
def session(browser: Browser, server: RunningServer) -> Any:
    """The cookies of somebody who has signed in."""
    return sign_in(browser, server)


def sign_in(browser: Browser, server: RunningServer) -> Any:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/admin/")
    page.locator("[name=username]").fill(NAME)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[type=submit]").click()
    expect(page).to_have_title(re.compile("Dashboard"))
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def visit(
    browser: Browser, server: RunningServer, session: Any
) -> Iterator[Callable[..., Page]]:
    """Opens a page for somebody who has signed in; mistakes on it fail the test."""
    watch = Watch(urlsplit(server.url).netloc)
    contexts = []

    def open_page(path: str, *, width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, storage_state=session, **options
        )
        contexts.append(context)
        page = context.new_page()
        watch.over(page)
        page.goto(server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    refused = [each for each in watch.troubles if "400 for" not in each]
    assert [each for each in refused if "status of 400" not in each] == []


def voice_on_disk(folder: Path, name: str, onnx: bytes, config: bytes) -> list[Path]:
    files = [folder / f"{name}.onnx", folder / f"{name}.onnx.json"]
    for path, content in zip(files, (onnx, config), strict=True):
        path.write_bytes(content)
    return files


def choose_files(page: Page, files: list[Path]) -> None:
    page.get_by_label("Model").set_input_files(files[0])
    page.get_by_label("Configuration").set_input_files(files[1])


def offered(server: RunningServer) -> list[str]:
    voices: list[str] = httpx.get(f"{server.url}/voices", timeout=30).json()["voices"]
    return voices


def item(page: Page, name: str) -> Any:
    return page.locator(f'.voice-download[data-name="{name}"]')


def fits_and_is_accessible(page: Page) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert not scrolls_sideways(page), f"{page.url} scrolls sideways at {width}"
        assert violations(page) == [], f"{page.url} at {width}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", [UPLOAD, DOWNLOAD])
def test_it_fits_and_is_accessible(
    visit: Callable[..., Page], path: str, theme: str
) -> None:
    page = visit(path, color_scheme=theme)
    expect(page.locator("#content .voice-panel").first).to_be_visible()
    fits_and_is_accessible(page)


def test_it_uploads_a_voice_with_the_keyboard(
    visit: Callable[..., Page],
    server: RunningServer,
    tmp_path: Path,
    config_json: bytes,
) -> None:
    page = visit(UPLOAD)
    files = voice_on_disk(tmp_path, "en_US-mine-low", small_voice(), config_json)
    choose_files(page, files)
    page.get_by_label("Model").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Configuration")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Upload")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile(r"^\s*Voices"), timeout=PATIENCE_MS)
    expect(page.get_by_role("link", name="en_US-mine-low")).to_be_visible()
    assert "en_US-mine-low" in offered(server)


def test_it_says_why_an_upload_is_refused(
    visit: Callable[..., Page],
    server: RunningServer,
    tmp_path: Path,
    config_json: bytes,
) -> None:
    page = visit(UPLOAD, width=390)
    choose_files(page, voice_on_disk(tmp_path, "bad", NO_VOICE, config_json))
    page.get_by_role("button", name="Upload").click()
    trouble = page.locator("#voice-upload [role=alert]")
    expect(trouble).to_contain_text("This is not an ONNX model", timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Upload")).to_be_enabled()
    expect(page.get_by_role("button", name="Upload")).to_be_focused()
    fits_and_is_accessible(page)
    assert "bad" not in offered(server)


def test_it_downloads_a_voice_with_the_keyboard(
    visit: Callable[..., Page], server: RunningServer, hub: Hub
) -> None:
    name = "en_US-keyboard-low"
    page = visit(DOWNLOAD)
    page.get_by_label("Voice", exact=True).focus()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Download", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    state = item(page, name).locator("[data-shown=words]")
    expect(state).to_have_text("Installed", timeout=PATIENCE_MS)
    expect(item(page, name)).to_contain_text(re.compile(r"MB, 100 %"))
    expect(page.locator("#voice-downloads [role=status]")).to_have_text(
        f"{name}: Installed"
    )
    expect(page.locator(f'option[value="{name}"]')).to_have_count(0)
    assert name in offered(server)


def test_it_shows_how_far_it_is_and_cancels(
    visit: Callable[..., Page], server: RunningServer, hub: Hub
) -> None:
    name = "de_DE-wrong-low"
    page = visit(DOWNLOAD, width=390)
    hub.stall_after_bytes = 400_000
    page.get_by_label("Voice", exact=True).select_option(name)
    page.get_by_role("button", name="Download", exact=True).click()
    bar = page.get_by_role("progressbar", name=f"Download of {name}")
    expect(bar).to_have_attribute("value", "49", timeout=PATIENCE_MS)
    expect(item(page, name)).to_contain_text("0.4 / 0.8 MB, 49 %")
    fits_and_is_accessible(page)
    # Whoever leaves and comes back finds it as it was.
    page.goto(server.url + UPLOAD)
    page.goto(server.url + DOWNLOAD)
    expect(bar).to_have_attribute("value", "49")
    cancel = page.get_by_role("button", name=f"Cancel the download of {name}")
    cancel.focus()
    page.keyboard.press("Enter")
    expect(item(page, name).locator("[data-shown=words]")).to_have_text("Cancelled")
    expect(item(page, name).locator("strong")).to_be_focused()
    expect(cancel).to_be_hidden()
    assert name not in offered(server)


def test_it_says_why_a_download_failed_and_tries_again(
    visit: Callable[..., Page], hub: Hub
) -> None:
    name = "de_DE-wrong-low"
    page = visit(DOWNLOAD)
    page.get_by_label("Voice", exact=True).select_option(name)
    page.get_by_role("button", name="Download", exact=True).click()
    expect(item(page, name)).to_contain_text(
        "This is not an ONNX model", timeout=PATIENCE_MS
    )
    fits_and_is_accessible(page)
    hub.stall_after_bytes = 400_000
    page.get_by_role("button", name=f"Try again to download {name}").click()
    words = item(page, name).locator("[data-shown=words]")
    expect(words).to_have_text("Downloading", timeout=PATIENCE_MS)
    page.get_by_role("button", name=f"Cancel the download of {name}").click()
    expect(words).to_have_text("Cancelled")


def test_it_works_without_a_script(
    visit: Callable[..., Page], server: RunningServer
) -> None:
    name = "en_US-plain-low"
    page = visit(DOWNLOAD, java_script_enabled=False)
    page.get_by_label("Voice", exact=True).select_option(name)
    page.get_by_role("button", name="Download", exact=True).click()
    expect(item(page, name)).to_be_visible()
    words = item(page, name).locator("[data-shown=words]")
    for _ in range(60):
        if words.inner_text() == "Installed":
            break
        page.wait_for_timeout(500)
        page.get_by_role("link", name="Refresh progress").click()
    expect(words).to_have_text("Installed")
    assert name in offered(server)


def test_without_a_network_it_says_what_helps(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, "http://127.0.0.1:9") as server:
        context = browser.new_context(storage_state=sign_in(browser, server))
        page = context.new_page()
        page.goto(server.url + DOWNLOAD)
        problem = page.locator("#voice-list-problem")
        expect(problem).to_contain_text("the connection to 127.0.0.1 failed")
        fits_and_is_accessible(page)
        problem.get_by_role("link", name="Upload a voice instead").click()
        expect(page).to_have_title(re.compile("Upload a voice"))
        context.close()


def test_the_admin_can_be_used_with_the_keyboard_alone(
    visit: Callable[..., Page],
) -> None:
    page = visit("/admin/tts_app/voice/", width=390)
    # A card is headed by the name of its record, not by what its check box does.
    expect(page.locator(".data-row .action-checkbox").first).to_have_css(
        "position", "absolute"
    )
    menu = page.get_by_role("main").get_by_role("button", name="Menu")
    menu.press("Enter")
    expect(page.get_by_role("link", name="Home")).to_be_focused()
    assert violations(page, "landmark-one-main", "link-name", "button-name") == []
    it_keeps_the_keyboard_in_the_menu(page, menu)
    menu.press("Enter")
    expect(page.get_by_role("link", name="Home")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    expect(page.get_by_role("link", name="Dashboard", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Filters").press("Enter")
    expect(page.locator("#changelist-filter :focus")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#changelist-filter")).to_be_hidden()
    page.set_viewport_size({"width": 1440, "height": 900})
    account = page.get_by_role("button", name=NAME)
    account.press(" ")
    expect(page.get_by_role("button", name="Light", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    expect(account).to_be_focused()


def it_keeps_the_keyboard_in_the_menu(page: Page, menu: Locator) -> None:
    home, within = page.get_by_role("link", name="Home"), page.locator("nav :focus")
    page.keyboard.press("Shift+Tab")
    expect(within).to_be_visible()
    expect(home).not_to_be_focused()
    page.keyboard.press("Tab")
    expect(home).to_be_focused()
    closer = page.get_by_role("button", name="Close the menu")
    closer.press("Tab")
    expect(within).to_be_visible()
    closer.press("Enter")
    expect(closer).to_be_hidden()
    expect(menu).to_be_focused()
