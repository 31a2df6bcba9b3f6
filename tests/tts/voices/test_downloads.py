"""Voices brought while the server runs: whole, broken, damaged, refused, given up."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from common.config import Config
from common.errors import (
    BadValue,
    Forbidden,
    ModelMissing,
    NotFound,
    TooMany,
    UnknownVoice,
)
from common.models.download import MAX_CONFIG_BYTES
from common.models.files import check_voice, find_voices, local_voices
from tests.fake_services import loaded_config
from tests.servers.hub import VOICES, Hub, running_hub
from tests.small_voice import small_voice
from tests.waiting import until
from tts_app.core.voices.downloads import (
    AT_ONCE,
    MOST_ACTIVE,
    Download,
    DownloadState,
    VoiceDownloads,
)

GOOD = "en_US-small-low"
WRONG = "de_DE-wrong-low"
WEIGHTS = bytes(range(256)) * 4_000
PATIENCE_SECONDS = 60.0

Make = Callable[..., VoiceDownloads]


def voice_config() -> bytes:
    """The configuration of a voice that speaks English."""
    return find_voices(loaded_config().config)[0].config.read_bytes()


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        hub.add_voice(GOOD, onnx=small_voice(), config=voice_config())
        hub.add_voice(WRONG, onnx=WEIGHTS, config=voice_config())
        yield hub


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """In threads, because that starts at once; the check is a process all the same."""
    return loaded_config(
        data_dir=str(tmp_path / "data"),
        voices_dir=str(tmp_path / "voices"),
        engine_isolation="thread",
    ).config


@pytest.fixture
async def make(config: Config, hub: Hub) -> AsyncIterator[Make]:
    """Makes the service; keywords that are settings change the configuration."""
    made: list[VoiceDownloads] = []

    def make(hub_url: str = hub.url, **changes: Any) -> VoiceDownloads:
        patience = {"patience_seconds": changes.pop("patience_seconds", 10.0)}
        changed = config.model_copy(update=changes)
        made.append(VoiceDownloads(changed, nothing, hub_url, **patience))
        return made[-1]

    yield make
    hub.released.set()
    for each in made:
        await each.stop()


async def nothing(_: str) -> None:
    """Nobody is told of a new voice."""


async def ended(download: Download) -> Download:
    assert download.task
    await asyncio.wait_for(asyncio.wait({download.task}), PATIENCE_SECONDS)
    return download


def kept(config: Config, name: str) -> list[str]:
    """What lies in the folder in which the voice arrives."""
    folder = Path(config.data_dir) / "downloads" / name
    return sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []


def installed(config: Config) -> set[str]:
    return {voice.name for voice in local_voices(config) if voice.source == "folder"}


def put_there(folder: Path, name: str) -> None:
    folder.mkdir()
    (folder / f"{name}.onnx").write_bytes(b"x")
    (folder / f"{name}.onnx.json").write_bytes(b"{}")


@pytest.mark.model
async def test_it_brings_a_voice_hears_it_and_keeps_it(
    config: Config, hub: Hub
) -> None:
    told = asyncio.Event()

    async def tell(_: str) -> None:
        told.set()

    process = config.model_copy(update={"engine_isolation": "process"})
    downloads = VoiceDownloads(process, tell, hub.url)
    download = await ended(await downloads.begin(GOOD))
    await downloads.stop()
    assert (download.state, download.problem) == (DownloadState.INSTALLED, "")
    assert download.done_bytes == download.total_bytes > 4_000
    assert told.is_set()
    voice = next(v for v in local_voices(config) if v.name == GOOD)
    assert {check.state for check in check_voice(voice)} == {"same"}
    assert kept(config, GOOD) == []


@pytest.mark.model
async def test_a_voice_that_cannot_speak_is_not_kept(
    make: Make, config: Config, hub: Hub
) -> None:
    damaged = small_voice().replace(b"ConvTranspose", b"NoSuchOperat_")
    hub.add_voice(GOOD, onnx=damaged, config=voice_config())
    download = await ended(await make().begin(GOOD))
    assert download.state is DownloadState.FAILED
    assert "cannot speak a test sentence" in download.problem
    assert installed(config) == set()
    assert kept(config, GOOD) == []


async def test_what_is_no_voice_is_not_kept(make: Make, config: Config) -> None:
    download = await ended(await make().begin(WRONG))
    assert download.state is DownloadState.FAILED
    assert "This is not an ONNX model" in download.problem
    assert installed(config) == set()
    assert kept(config, WRONG) == []


async def test_it_goes_on_where_a_connection_broke(make: Make, hub: Hub) -> None:
    downloads = make()
    await downloads.published()
    hub.breaks = [300_000]
    download = await ended(await downloads.begin(WRONG))
    assert "This is not an ONNX model" in download.problem
    asked = [headers.get("Range") for path, headers in hub.requests if ".onnx" in path]
    assert asked[-1] is not None


async def test_what_came_is_kept_for_the_next_try(
    make: Make, config: Config, hub: Hub
) -> None:
    downloads = make()
    await downloads.published()
    hub.breaks = [100_000, 10]
    download = await ended(await downloads.begin(WRONG))
    assert download.state is DownloadState.FAILED
    assert "the connection to 127.0.0.1 failed" in download.problem
    assert "goes on with what has come" in download.problem
    assert f".{WRONG}.onnx.partial" in kept(config, WRONG)
    again = await ended(await downloads.begin(WRONG))
    assert "This is not an ONNX model" in again.problem


async def test_a_wrong_checksum_is_said_and_nothing_is_kept(
    make: Make, config: Config, hub: Hub
) -> None:
    hub.damaged = f"{WRONG}.onnx"
    download = await ended(await make().begin(WRONG))
    assert download.state is DownloadState.FAILED
    assert "is damaged after the download: its checksum is wrong" in download.problem
    assert installed(config) == set()
    assert not [name for name in kept(config, WRONG) if name.endswith(".partial")]


async def test_a_model_that_is_too_large_is_not_asked_for(make: Make, hub: Hub) -> None:
    downloads = make(voice_upload_max_mb=1)
    download = await ended(await downloads.begin(WRONG))
    assert f"{WRONG}.onnx is larger than 1 MB" in download.problem
    assert not [path for path, _ in hub.requests if path.endswith(".onnx")]


async def test_a_configuration_that_is_too_large_is_not_asked_for(
    make: Make, hub: Hub
) -> None:
    hub.add_voice(GOOD, onnx=b"x", config=b"x" * (MAX_CONFIG_BYTES + 1))
    download = await ended(await make().begin(GOOD))
    assert f"{GOOD}.onnx.json is larger than 4 MB" in download.problem
    assert not [path for path, _ in hub.requests if path.endswith(".onnx.json")]


@pytest.mark.parametrize("ending", [".onnx", ".onnx.json"])
async def test_a_hub_that_tells_a_smaller_size_is_stopped_there(
    make: Make, config: Config, hub: Hub, ending: str
) -> None:
    contents = {".onnx": b"x", ".onnx.json": b"{}", ending: b"x" * 6_000_000}
    hub.add_voice(GOOD, onnx=contents[".onnx"], config=contents[".onnx.json"])
    path = next(path for path in hub.files if path.endswith(f"{GOOD}{ending}"))
    hub.claimed_sizes[path] = 900_000
    download = await ended(await make(voice_upload_max_mb=1).begin(GOOD))
    assert re.search(
        r" is damaged after the download: 9\d{5} bytes instead of 900000",
        download.problem,
    )
    assert not [n for n in kept(config, GOOD) if n.endswith(".partial")]


async def test_a_download_that_hangs_can_be_cancelled(
    make: Make, config: Config, hub: Hub
) -> None:
    downloads = make(engine_isolation="process")
    await downloads.published()
    hub.stall_after_bytes = 600_000
    download = await downloads.begin(WRONG)
    await until(lambda: download.done_bytes > 500_000)
    began = time.monotonic()
    assert downloads.cancel(WRONG).state is DownloadState.CANCELLED
    await ended(download)
    assert time.monotonic() - began < 10
    assert download.state is DownloadState.CANCELLED
    assert kept(config, WRONG) == []


async def test_it_can_begin_again_right_after_cancelling(make: Make, hub: Hub) -> None:
    downloads = make()
    await downloads.published()
    hub.stall_after_bytes = 600_000
    first = await downloads.begin(WRONG)
    await until(lambda: first.done_bytes > 500_000)
    downloads.cancel(WRONG)
    hub.stall_after_bytes = None
    hub.released.set()
    second = await ended(await downloads.begin(WRONG))
    assert second is not first
    assert first.task is not None
    assert first.task.done()
    assert "This is not an ONNX model" in second.problem


async def test_few_run_at_a_time_and_few_may_wait(make: Make, hub: Hub) -> None:
    names = [f"de_DE-voice{number}-low" for number in range(MOST_ACTIVE + 1)]
    for name in names:
        hub.add_voice(name, onnx=WEIGHTS)
    downloads = make()
    await downloads.published()
    hub.stall_after_bytes = 300_000
    begun = [await downloads.begin(name) for name in names[:MOST_ACTIVE]]
    await until(lambda: all(each.done_bytes for each in begun[:AT_ONCE]))
    assert [each.state for each in begun[AT_ONCE:]] == (
        [DownloadState.WAITING] * (MOST_ACTIVE - AT_ONCE)
    )
    assert await downloads.begin(names[0]) is begun[0]
    with pytest.raises(TooMany, match="already running or queued"):
        await downloads.begin(names[-1])
    for each in begun[AT_ONCE:]:
        downloads.cancel(each.name)
    hub.released.set()
    for each in begun:
        await ended(each)
    assert [each.state for each in begun[:AT_ONCE]] == [DownloadState.FAILED] * AT_ONCE
    assert {each.state for each in begun[AT_ONCE:]} == {DownloadState.CANCELLED}


async def test_what_came_outlives_a_server_that_stops(
    make: Make, config: Config, hub: Hub
) -> None:
    downloads = make(engine_isolation="process")
    await downloads.published()
    hub.stall_after_bytes = 600_000
    download = await downloads.begin(WRONG)
    await until(lambda: download.done_bytes > 500_000)
    await downloads.stop()
    assert f".{WRONG}.onnx.partial" in kept(config, WRONG)


async def test_without_a_network_it_says_so(make: Make) -> None:
    with pytest.raises(ModelMissing, match=r"connection to 127\.0\.0\.1 failed"):
        await make("http://127.0.0.1:9").published()


async def test_a_hub_that_was_away_is_asked_again(make: Make, hub: Hub) -> None:
    downloads = make()
    listing = hub.files.pop(f"{VOICES}/voices.json")
    with pytest.raises(ModelMissing, match=r"has no voices\.json"):
        await downloads.published()
    hub.files[f"{VOICES}/voices.json"] = listing
    assert [voice.name for voice in await downloads.published()] == [WRONG, GOOD]
    asked = len(hub.requests)
    await downloads.published()
    assert len(hub.requests) == asked


async def test_a_hub_that_hangs_keeps_nobody_waiting(make: Make, hub: Hub) -> None:
    hub.stall_after_bytes = 10
    downloads = make(patience_seconds=0.2)
    with pytest.raises(ModelMissing, match="has not sent its list"):
        await downloads.published()
    hub.released.set()
    await until(lambda: bool(downloads._listing and downloads._listing.done()))
    assert len(await downloads.published()) == 2


async def test_offline_nobody_is_asked(make: Make, hub: Hub) -> None:
    downloads = make(offline=True)
    with pytest.raises(Forbidden, match="`offline` is true"):
        await downloads.published()
    with pytest.raises(Forbidden):
        await downloads.begin(GOOD)
    assert hub.requests == []


async def test_it_refuses_what_it_cannot_bring(make: Make, config: Config) -> None:
    downloads = make()
    with pytest.raises(UnknownVoice, match=f"Did you mean `{GOOD}`"):
        await downloads.begin("en_US-smal-low")
    put_there(Path(config.voices_dir), GOOD)
    with pytest.raises(BadValue, match="already installed"):
        await downloads.begin(GOOD)
    with pytest.raises(NotFound, match="no download"):
        downloads.cancel(GOOD)


async def test_a_name_that_leads_elsewhere_is_no_voice(make: Make, hub: Hub) -> None:
    listing = json.loads(hub.files[f"{VOICES}/voices.json"])
    for name in ("../../escape", "en_US-a\nb-low", ""):
        listing[name] = listing[GOOD]
    listing["en_US-list-low"] = []
    hub.add(VOICES, **{"voices.json": json.dumps(listing).encode()})
    assert [voice.name for voice in await make().published()] == [WRONG, GOOD]
