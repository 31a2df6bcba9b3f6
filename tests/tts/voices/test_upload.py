"""Uploading a voice in the admin: who may, in parts, what is refused, what is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from common.config import LoadedConfig
from common.errors import BadValue, NotFound, TooLarge
from common.models.files import VoiceFiles, check_voice, find_voices
from tests.fake_services import FakeServices, loaded_config
from tts_app.core.piper.catalog import Catalog
from tts_app.core.voices.install import examine
from tts_app.core.voices.upload import VoiceUploads

CONFIG = {
    "audio": {"sample_rate": 22_050, "quality": "medium"},
    "num_speakers": 1,
    "espeak": {"voice": "en-us"},
    "language": {"code": "en_US"},
    "phoneme_id_map": {"_": [0], "^": [1], "$": [2]},
}
PAGE = "/admin/tts_app/voice/upload/"


@pytest.fixture
def config(tmp_path: Path) -> Any:
    folders = {"data_dir": str(tmp_path / "d"), "voices_dir": str(tmp_path / "v")}
    return loaded_config(voice_upload_max_mb=100, **folders).config


@pytest.fixture
def uploads(config: Any) -> VoiceUploads:
    return VoiceUploads(config)


def voice_files(folder: Path, onnx: bytes, config: object = CONFIG) -> VoiceFiles:
    files = VoiceFiles("x", folder / "x.onnx", folder / "x.onnx.json", "folder")
    files.onnx.write_bytes(onnx)
    files.config.write_text(json.dumps(config), encoding="utf-8")
    return files


def graph(*inputs: bytes, outside: bool = False) -> bytes:
    """A model that names its inputs and holds nothing."""
    parts = [
        b"\x5a" + bytes([len(n) + 2]) + b"\x0a" + bytes([len(n)]) + n for n in inputs
    ]
    if outside:
        parts.append(b"\x2a\x02\x70\x01")
    whole = b"".join(parts)
    return b"\x3a" + bytes([len(whole)]) + whole


PIPER = (b"input", b"input_lengths", b"scales")


@pytest.mark.parametrize(
    ("onnx", "config", "field", "problem"),
    [
        (b"RIFF" * 9, CONFIG, "onnx", "not an ONNX model"),
        (graph(*PIPER, outside=True), CONFIG, "onnx", "in other files"),
        (graph(b"image"), CONFIG, "onnx", "takes image, but not input,"),
        (graph(*PIPER), {**CONFIG, "num_speakers": 2}, "onnx", "sid"),
        (graph(*PIPER), {}, "config", "audio"),
        (graph(*PIPER), [], "config", "not a JSON object"),
    ],
)
def test_it_says_why_a_voice_is_refused(
    tmp_path: Path, onnx: bytes, config: object, field: str, problem: str
) -> None:
    with pytest.raises(BadValue) as refused:
        examine(voice_files(tmp_path, onnx, config))
    assert refused.value.field == field
    assert problem in refused.value.message


def test_it_takes_parts_in_order_and_within_the_limit(uploads: VoiceUploads) -> None:
    upload = uploads.begin()
    uploads.add(upload, "onnx", 0, b"abc")
    with pytest.raises(BadValue, match="must be 3"):
        uploads.add(upload, "onnx", 0, b"abc")
    with pytest.raises(BadValue, match="onnx or config"):
        uploads.add(upload, "../x", 0, b"abc")
    with pytest.raises(TooLarge, match="4 MB"):
        uploads.add(upload, "config", 0, b"a" * 4_000_001)
    with pytest.raises(NotFound):
        uploads.add("../../etc", "onnx", 0, b"abc")


def test_it_keeps_few_uploads_that_nobody_finishes(uploads: VoiceUploads) -> None:
    for _ in range(8):
        uploads.begin()
    with pytest.raises(TooLarge, match="8 uploads"):
        uploads.begin()


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 101])
async def test_it_refuses_a_name_that_is_none(uploads: VoiceUploads, name: str) -> None:
    with pytest.raises(BadValue, match="letters"):
        await uploads.finish(uploads.begin(), name)


async def test_it_says_which_file_is_missing(uploads: VoiceUploads) -> None:
    upload = uploads.begin()
    uploads.add(upload, "onnx", 0, graph(*PIPER))
    with pytest.raises(BadValue, match="config file is missing"):
        await uploads.finish(upload, "mine")


@pytest.mark.model
async def test_a_voice_is_heard_and_kept_with_its_checksum(
    uploads: VoiceUploads, config: Any, real_config: LoadedConfig
) -> None:
    joe = find_voices(real_config.config)[0]
    onnx = joe.onnx.read_bytes()
    upload = uploads.begin()
    uploads.add(upload, "config", 0, joe.config.read_bytes())
    uploads.add(upload, "onnx", 0, onnx)
    assert (await uploads.finish(upload, "en_US-mine-medium")).language == "en_US"
    catalog = Catalog(config)
    catalog.load()
    kept = catalog.voices["en_US-mine-medium"].info
    assert kept.sha256 == hashlib.sha256(onnx).hexdigest()
    checks = check_voice(catalog.voices["en_US-mine-medium"].files)
    assert [check.state for check in checks] == ["same", "same"]
    with pytest.raises(BadValue, match="already"):
        await uploads.finish(uploads.begin(), "en_US-mine-medium")


@pytest.mark.model
async def test_a_model_that_cannot_speak_is_refused(uploads: VoiceUploads) -> None:
    upload = uploads.begin()
    uploads.add(upload, "config", 0, json.dumps(CONFIG).encode())
    uploads.add(upload, "onnx", 0, graph(*PIPER))
    with pytest.raises(BadValue, match="cannot speak a test sentence"):
        await uploads.finish(upload, "mine")


@pytest.fixture
def services(make_services: Callable[..., FakeServices], tmp_path: Path) -> Any:
    folders = {"data_dir": str(tmp_path / "d"), "voices_dir": str(tmp_path / "v")}
    return make_services(**folders)


async def signed_in(client: httpx.AsyncClient, **user: bool) -> httpx.AsyncClient:
    """The client with the session of a user, as the pages send it."""
    browser = AsyncClient()
    await browser.aforce_login(await User.objects.acreate(username="a", **user))
    token = "t" * 32
    client.cookies.set("sessionid", browser.cookies["sessionid"].value)
    client.cookies.set("csrftoken", token)
    client.headers["X-CSRFToken"] = token
    return client


async def test_only_those_who_may_change_voices_upload(
    client: httpx.AsyncClient,
) -> None:
    staff = await signed_in(client, is_staff=True)
    assert (await staff.get(PAGE)).status_code == 403
    assert (await staff.post(f"{PAGE}begin/")).status_code == 403


async def test_the_steps_answer_in_json(client: httpx.AsyncClient) -> None:
    root = await signed_in(client, is_staff=True, is_superuser=True)
    assert "voice-upload.js" in (await root.get(PAGE)).text
    assert PAGE in (await root.get("/admin/tts_app/voice/bring/")).headers["location"]
    upload = (await root.post(f"{PAGE}begin/")).json()["upload"]
    part = f"{PAGE}part/?upload={upload}&offset=0&kind="
    sent = await root.post(f"{part}onnx", content=b"RIFF" * 9)
    assert sent.json() == {"has": 36}
    await root.post(f"{part}config", json=CONFIG)
    finish = f"{PAGE}finish/?upload={upload}&name=mine"
    refused = await root.post(finish)
    assert refused.status_code == 400
    assert "not an ONNX model" in refused.json()["error"]["message"]
    assert (await root.post(finish)).status_code == 404


async def test_the_steps_need_a_csrf_token(client: httpx.AsyncClient) -> None:
    root = await signed_in(client, is_staff=True, is_superuser=True)
    del root.headers["X-CSRFToken"]
    assert (await root.post(f"{PAGE}begin/")).status_code == 403
