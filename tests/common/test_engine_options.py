"""Options for engines from elsewhere: read from both places, checked, and masked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from common.config import ConfigError, SttEngineSettings, load_config
from common.engine import EngineSlot
from common.errors import EngineFailed
from gateway_app.pages.shown_settings import shown_groups
from voiceproject.management.commands.settings import as_lines
from voiceproject.services import build_stt, build_tts

PYTHON_DICT = EngineSlot("thing", "thing_options", {"ours": "builtins:dict"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(
        "stt_engine_options:\n"
        "  url: http://127.0.0.1:9000\n"
        "  beams: 3\n"
        "  apiKey: hidden-1\n"
        "  nested: {password: hidden-2, size: 5}\n"
    )
    return path


def test_they_are_a_mapping_in_the_file(file: Path) -> None:
    options = load_config({}, file).config.stt_engine_options
    assert (options["url"], options["beams"]) == ("http://127.0.0.1:9000", 3)
    assert options["apiKey"] == "hidden-1"


def test_they_are_a_json_object_in_the_environment(file: Path) -> None:
    given = {"STT_ENGINE_OPTIONS": '{"beams": 5}', "LLM_OPTIONS": ""}
    config = load_config(given, file).config
    assert config.stt_engine_options == {"beams": 5}
    assert config.llm_options == {}


@pytest.mark.parametrize("text", ["hidden", "[1]", "3", '{"a": hidden}'])
def test_anything_else_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match=r"LLM_OPTIONS.* must be a mapping") as raised:
        load_config({"LLM_OPTIONS": text})
    assert "hidden" not in str(raised.value)


def test_their_names_are_text(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tts_engine_options: {1: one}\n")
    with pytest.raises(ConfigError, match="names that are text, not 1"):
        load_config({}, path)


def test_values_that_look_secret_are_shown_nowhere(file: Path) -> None:
    loaded = load_config({}, file)
    rows = [row for group in shown_groups(loaded) for row in group.settings]
    (row,) = [row for row in rows if row.name == "stt_engine_options"]
    for shown in ("\n".join(as_lines(loaded)), str(row)):
        assert "hidden" not in shown
        assert "http://127.0.0.1:9000" in shown
        assert "'size': 5" in shown or '"size": 5' in shown


def test_an_engine_of_the_server_takes_none() -> None:
    for build, name in ((build_stt, "stt_engine"), (build_tts, "tts_engine")):
        config = load_config({f"{name}_options".upper(): '{"beams": 5}'}).config
        with pytest.raises(EngineFailed, match=f"`{name}_options` has `beams`"):
            build(config)


class OwnStt:
    def __init__(self, config: SttEngineSettings, options: dict[str, Any]) -> None:
        self.config = config
        self.options = options


def test_an_engine_from_elsewhere_gets_its_section_and_its_options() -> None:
    own = f"{__name__}:OwnStt"
    environment = {"STT_ENGINE": own, "STT_ENGINE_OPTIONS": '{"beams": 5}'}
    engine: Any = build_stt(load_config(environment).config)
    assert engine.options == {"beams": 5}
    assert engine.config.whisper_model_name == "base"
    assert "secret_key" not in dict(engine.config)


def test_a_path_that_cannot_be_imported_is_named() -> None:
    with pytest.raises(EngineFailed, match=r"`thing` names `no\.such:Thing`"):
        PYTHON_DICT.build("no.such:Thing", None, {})
    with pytest.raises(EngineFailed, match="`thing` is `other`: use `ours` or"):
        PYTHON_DICT.build("other", None, {})


@pytest.mark.parametrize("name", ["ollama_url", "openai_url"])
def test_a_password_in_an_address_is_shown_nowhere(name: str) -> None:
    loaded = load_config({name.upper(): "http://bob:hidden-3@host:11434/v1"})
    assert loaded.shown(name) == "http://********@host:11434/v1"
    assert "hidden" not in repr(shown_groups(loaded)) + "\n".join(as_lines(loaded))


def test_an_address_in_the_options_is_shown_without_its_password() -> None:
    given = '{"urls": ["http://bob:hidden@a/v1"], "url": "https://hidden@b?x=@"}'
    loaded = load_config({"STT_ENGINE_OPTIONS": given})
    assert loaded.shown("stt_engine_options") == {
        "urls": ["http://********@a/v1"],
        "url": "https://********@b?x=@",
    }
