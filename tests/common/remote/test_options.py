"""Options of the `http` engines: what is wrong with them is said, without their values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from common.config import Config, project_dir
from common.errors import EngineFailed
from common.remote.client import open_clients
from common.remote.options import RemoteOptions, read_options
from stt_app.core.remote.options import RemoteSttOptions
from tts_app.core.remote.options import RemoteTtsOptions
from voiceproject.services import build_stt, build_tts

URL = {"url": "http://gpu:8000"}
PAGE = project_dir() / "docs" / "deployment.md"
ENGINES = {"stt": build_stt, "tts": build_tts}


def build(kind: str, options: Mapping[str, Any]) -> Any:
    chosen = {f"{kind}_engine": "http", f"{kind}_engine_options": dict(options)}
    return ENGINES[kind](Config().model_copy(update=chosen))


@pytest.mark.parametrize("kind", ["stt", "tts"])
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "needs `url`"),
        ({"url": "ftp://gpu"}, r"_options\.url` must be an address like"),
        ({"urls": ["http://a", "gpu:8000"]}, r"_options\.urls` must be an address"),
        ({**URL, "adress": "x"}, "has no option `adress`"),
        ({**URL, "timout_seconds": 3}, "did you mean `timeout_seconds`"),
        ({**URL, "timeout_seconds": 0}, "timeout_seconds`: it must be greater than 0"),
        ({**URL, "model": ""}, "model`: it should have at least 1 character"),
        ({**URL, "max_connections": 0}, "max_connections`: it must be greater"),
        ({**URL, "ca_file": "/no/such.pem"}, "which is not a file"),
    ],
)
def test_options_that_cannot_be_used_are_named(
    kind: str, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(EngineFailed, match=says) as refused:
        build(kind, options)
    assert f"{kind}_engine_options" in refused.value.message


def test_a_value_is_not_repeated_because_it_may_be_a_key() -> None:
    with pytest.raises(
        EngineFailed, match="key`: it must be a valid string"
    ) as refused:
        build("stt", {**URL, "key": ["sesame"]})
    assert "sesame" not in refused.value.message


@pytest.mark.parametrize("kind", ["stt", "tts"])
async def test_a_file_without_certificates_prevents_the_start(
    kind: str, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("none")
    engine = build(kind, {"url": "https://gpu", "ca_file": str(file)})
    with pytest.raises(EngineFailed, match="holds no certificates"):
        await engine.start()
    await engine.stop()


def test_addresses_are_joined_without_repeating_one() -> None:
    options = read_options(
        RemoteSttOptions,
        "stt_engine_options",
        {**URL, "urls": ["http://gpu:8000/v1/audio/speech", "https://b/api/v1"]},
    )
    assert list(map(str, options.addresses("x"))) == [
        "http://gpu:8000/v1",
        "https://b/api/v1",
    ]


@pytest.mark.parametrize("use_proxy", [False, True])
async def test_proxies_of_the_environment_are_used_only_on_demand(
    use_proxy: bool,
) -> None:
    given = {**URL, "use_proxy": use_proxy}
    clients = await open_clients(read_options(RemoteTtsOptions, "x", given))
    for client in (clients.usual, clients.fresh):
        assert client.trust_env is use_proxy
        assert not client.follow_redirects
    await clients.close()


def test_the_page_describes_every_option_with_its_default() -> None:
    rows = {
        cells[1].strip(" `"): cells[2].strip(" `")
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `") and len(cells := line.split("|")) >= 4
    }
    fields = {**RemoteTtsOptions.model_fields, **RemoteSttOptions.model_fields}
    assert set(fields) <= set(rows)
    for name in RemoteOptions.model_fields:
        if name != "model":
            assert rows[name] == _written(RemoteOptions.model_fields[name].default)


def _written(default: Any) -> str:
    if default in ("", [], {}):
        return "empty"
    return str(default).lower() if isinstance(default, bool) else f"{default:g}"
