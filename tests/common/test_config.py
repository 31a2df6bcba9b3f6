"""The configuration: defaults, the shipped files, the environment, what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.config import Config, ConfigError, Origin, load_config, project_dir
from common.config.production import problems

OWNER_KEYS = [
    "sample_rate",
    "silence_rms_threshold",
    "silence_max_seconds",
    "min_utterance_seconds",
    "max_utterance_seconds",
    "max_buffer_seconds",
    "whisper_model_name",
    "whisper_device",
    "whisper_compute_type",
    "whisper_lang",
    "whisper_beam",
    "cuda_x64_path",
    "cudnn_bin_path",
    "ollama_url",
    "ollama_model",
    "ollama_timeout",
    "ollama_retry_attempts",
    "ollama_retry_backoff",
    "circuit_breaker_enabled",
    "circuit_breaker_fail_max",
    "circuit_breaker_reset_timeout",
    "llm_backend",
    "system_prompt_path",
    "piper_model_path",
    "piper_speaker_id",
    "piper_length_scale",
    "piper_noise_scale",
    "piper_noise_w",
    "voices_dir",
    "tts_max_text_length",
    "tts_request_timeout",
    "tts_max_concurrent",
    "tts_use_llm",
    "log_level",
    "log_json_mode",
    "filter_health_logs",
    "environment",
    "stt_host",
    "stt_port",
    "tts_host",
    "tts_port",
    "database_url",
    "redis_url",
    "secret_key",
    "allowed_hosts",
    "api_keys",
    "allow_anonymous",
    "cors_allowed_origins",
    "offline",
    "models_dir",
]

DEFAULTS = {
    "sample_rate": 16_000,
    "silence_max_seconds": 0.7,
    "min_utterance_seconds": 0.1,
    "max_utterance_seconds": 20.0,
    "max_buffer_seconds": 120.0,
    "ollama_retry_attempts": 3,
    "ollama_retry_backoff": 1.0,
    "tts_max_concurrent": 4,
    "stt_port": 8010,
    "tts_port": 8000,
}

PRODUCTION: dict[str, Any] = {
    "environment": "production",
    "secret_key": "k" * 50,
    "allowed_hosts": ["voice.example.com", "localhost"],
    "api_keys": ["key-one"],
}


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Writes a configuration file and gives its path."""

    def write(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", OWNER_KEYS)
def test_it_knows_the_key(name: str) -> None:
    assert name in Config.model_fields


@pytest.mark.parametrize(("name", "value"), DEFAULTS.items())
def test_it_has_the_default(name: str, value: Any) -> None:
    assert getattr(Config(), name) == value


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(
    written: Any,
) -> None:
    path = written("whisper_beam: 2\nwhisper_lang: de\n")
    loaded = load_config({"WHISPER_BEAM": "3"}, path)
    assert loaded.config.whisper_beam == 3
    assert loaded.config.whisper_lang == "de"
    assert loaded.config.whisper_model_name == "base"
    origins = [
        loaded.origins[name]
        for name in ("whisper_beam", "whisper_lang", "whisper_model_name")
    ]
    assert origins == [Origin.ENVIRONMENT, Origin.FILE, Origin.DEFAULT]


def test_it_reads_the_file_that_config_path_names(written: Any) -> None:
    path = written("whisper_beam: 4\n")
    loaded = load_config({"CONFIG_PATH": str(path)})
    assert loaded.config.whisper_beam == 4
    assert loaded.path == path


def test_host_and_port_win_over_the_long_names() -> None:
    long = {"TTS_HOST": "0.0.0.0", "TTS_PORT": "8000", "STT_PORT": "8010"}
    short = load_config({**long, "HOST": "192.0.2.1", "PORT": "9000"})
    config = short.config
    assert (config.tts_host, config.tts_port) == ("192.0.2.1", 9000)
    assert (config.stt_host, config.stt_port) == ("192.0.2.1", 8010)
    assert short.origins["stt_host"] == "environment"
    empty = load_config({**long, "HOST": "", "PORT": ""}).config
    assert (empty.tts_host, empty.tts_port) == ("0.0.0.0", 8000)
    with pytest.raises(ConfigError, match="environment PORT is 'many'"):
        load_config({"PORT": "many"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("wisper_model_name: base", "Did you mean `whisper_model_name`?"),
        ("tts_prot: 1", "Did you mean `tts_port`?"),
        ("zzzzzz: 1", "unknown key `zzzzzz`"),
        ("1: 2", "unknown key `1`"),
        ("tts_port: many", "tts_port is 'many'"),
        ("tts_port: 70000", "less than or equal to 65535"),
        ("silence_max_seconds: 99", "silence_max_seconds is 99"),
        ("whisper_device: gpu", "whisper_device is 'gpu'"),
        ("log_json_mode: perhaps", "log_json_mode is 'perhaps'"),
        ("tts_max_concurrent: yes", "tts_max_concurrent is True; must not be true"),
        ("sample_rate: 99", "sample_rate is 99; it must be greater than or equal to"),
        ("allowed_hosts: localhost", "allowed_hosts is 'localhost'"),
        ("- a list", "must hold `key: value` lines"),
        ("a: [", "cannot be read"),
    ],
)
def test_it_refuses_a_file(written: Any, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        load_config({}, written(text))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TTS_PORT", "many"),
        ("LOG_JSON_MODE", "perhaps"),
        ("SILENCE_MAX_SECONDS", ""),
        ("ENVIRONMENT", "prod"),
    ],
)
def test_it_names_the_variable_that_is_wrong(
    written: Any, variable: str, value: str
) -> None:
    with pytest.raises(ConfigError, match=f"environment {variable} is '{value}'"):
        load_config({variable: value}, written(""))


def test_it_tells_every_wrong_value_at_once(written: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config({"TTS_PORT": "x"}, written("whisper_beam: -1\n"))
    assert "TTS_PORT" in str(caught.value)
    assert "whisper_beam" in str(caught.value)


def test_it_does_not_repeat_a_wrong_secret(written: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config({}, written("secret_key: [hidden]\n"))
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("OFFLINE", "yes", True),
        ("OFFLINE", "0", False),
        ("API_KEYS", "one,two", ["one", "two"]),
        ("PIPER_LENGTH_SCALE", "", None),
        ("PIPER_LENGTH_SCALE", "1.5", 1.5),
        ("TTS_PORT", "9000", 9000),
    ],
)
def test_it_reads_the_environment_as_the_settings_type(
    written: Any, variable: str, value: str, expected: Any
) -> None:
    config = load_config({variable: value}, written("")).config
    assert getattr(config, variable.lower()) == expected


@pytest.mark.parametrize(
    "key",
    [
        "piper_bin",
        "piper_config_path",
        "max_conversation_log_entries",
        "circuit_breaker_expected_exception",
    ],
)
def test_it_warns_about_a_key_that_has_no_meaning_here(written: Any, key: str) -> None:
    loaded = load_config({}, written(f"{key}: something\n"))
    assert len(loaded.warnings) == 1
    assert f"`{key}` is ignored" in loaded.warnings[0]


def test_its_file_for_development_holds_the_defaults() -> None:
    loaded = load_config({}, project_dir() / "config.yaml")
    assert loaded.config == Config()
    assert loaded.warnings == []


def test_its_file_for_development_offers_every_setting_with_its_default() -> None:
    text = (project_dir() / "config.yaml").read_text(encoding="utf-8")
    offered = yaml.safe_load(re.sub(r"^#([a-z_0-9]+:)", r"\1", text, flags=re.M))
    assert sorted(offered) == sorted(Config.model_fields)
    assert Config(**offered) == Config()


def test_its_file_for_production_needs_only_the_secrets() -> None:
    path = project_dir() / "config.prod.yaml"
    bare = load_config({}, path)
    assert len(problems(bare.config)) == 3
    brought = {
        "SECRET_KEY": "k" * 50,
        "ALLOWED_HOSTS": "voice.example.com,localhost",
        "API_KEYS": "key-one",
    }
    config = load_config(brought, path).config
    assert problems(config) == []
    assert config.log_json_mode
    assert config.tts_max_concurrent == 8
    assert config.whisper_model_name == "tiny.en"


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({}, []),
        ({"secret_key": ""}, ["needs `secret_key`"]),
        ({"secret_key": "short"}, ["shorter than 32"]),
        ({"allowed_hosts": ["localhost", "127.0.0.1"]}, ["needs `allowed_hosts`"]),
        ({"allowed_hosts": ["*"]}, ["may not be `*`"]),
        ({"api_keys": []}, ["needs an API key"]),
        ({"api_keys": [], "allow_anonymous": True}, []),
        ({"api_keys": [], "secret_key": ""}, ["`secret_key`", "`api_keys`"]),
        ({"environment": "staging", "api_keys": [], "secret_key": ""}, []),
    ],
)
def test_production_says_what_it_lacks(
    changes: dict[str, Any], sentences: list[str]
) -> None:
    found = problems(Config(**{**PRODUCTION, **changes}))
    assert len(found) == len(sentences)
    for said, sentence in zip(found, sentences, strict=True):
        assert sentence in said
