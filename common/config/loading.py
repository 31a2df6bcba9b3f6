"""Defaults, then the file, then the environment: the last one wins."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_origin

import environ
import yaml
from pydantic import ValidationError

from common.config.engine_options import MASK, mask_secrets
from common.config.sections import Config, is_secret

try:  # 30 times as fast, where PyYAML was built with it.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

REPLACED_KEYS = {
    "piper_bin": "Piper runs inside the server; nothing has to be named",
    "piper_config_path": "the .onnx.json beside `piper_model_path` is used",
    "max_conversation_log_entries": "use `history_retention_days`",
    "circuit_breaker_expected_exception": "connection errors and 5xx answers always count",
}
"""Keys of the earlier FastAPI server that have no meaning here, and what does."""


SHORT_VARIABLES = {"tts_host": "HOST", "stt_host": "HOST", "tts_port": "PORT"}
"""Variables of `make run` and of platforms that start servers; they win over the long
ones, which an image may set."""


class ConfigError(Exception):
    """The configuration cannot be used; the message says which key and why."""


class Origin(StrEnum):
    """Where a value comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True)
class LoadedConfig:
    """The configuration with the origin of each value and what to warn about."""

    config: Config
    origins: dict[str, Origin]
    warnings: list[str]
    path: Path | None

    def shown(self, name: str) -> Any:
        """The value as it may be shown to people: secrets masked."""
        value = getattr(self.config, name)
        if value and is_secret(name):
            return MASK
        return mask_secrets(value)


def project_dir() -> Path:
    """The folder of `manage.py`, which relative paths start from."""
    return Path(__file__).resolve().parents[2]


def load_config(
    environment: Mapping[str, str] | None = None, path: Path | None = None
) -> LoadedConfig:
    """Read the file and the environment. Raises ConfigError."""
    environment = os.environ if environment is None else environment
    path = path or _config_path(environment)
    from_file, warnings = _read_file(path) if path else ({}, [])
    from_environment = _read_environment(environment)
    try:
        config = Config(**{**from_file, **from_environment})
    except ValidationError as error:
        variables = {name: _variable(name, environment) for name in from_environment}
        raise ConfigError(_explain(error, variables, path)) from error
    origins = dict.fromkeys(Config.model_fields, Origin.DEFAULT)
    origins.update(dict.fromkeys(from_file, Origin.FILE))
    origins.update(dict.fromkeys(from_environment, Origin.ENVIRONMENT))
    return LoadedConfig(config, origins, warnings, path)


def _config_path(environment: Mapping[str, str]) -> Path | None:
    if named := environment.get("CONFIG_PATH"):
        path = Path(named).expanduser()
        if not _is_file(path):
            raise ConfigError(
                f"CONFIG_PATH names {named}, which is not a file: correct it, or "
                "remove it for the defaults."
            )
        return path
    usual = project_dir() / "config.yaml"
    return usual if _is_file(usual) else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that this user may not enter
        return False


def _read_file(path: Path) -> tuple[dict[str, Any], list[str]]:
    try:
        loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"{path} cannot be read: {reason}. Correct the file or its permissions."
        ) from error
    if loaded is None:
        return {}, []
    if not isinstance(loaded, dict):
        raise ConfigError(f"{path} must hold `key: value` lines.")
    values, warnings = {}, []
    for key, value in loaded.items():
        if key in REPLACED_KEYS:
            warnings.append(f"{path.name}: `{key}` is ignored: {REPLACED_KEYS[key]}.")
        elif key in Config.model_fields:
            values[key] = value
        else:
            raise ConfigError(f"{path}: unknown key `{key}`.{_nearest(str(key))}")
    return values, warnings


def _nearest(key: str) -> str:
    close = difflib.get_close_matches(key.lower(), Config.model_fields, n=1, cutoff=0.5)
    return f" Did you mean `{close[0]}`?" if close else ""


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    reader = environ.Env()
    reader.ENVIRON = dict(environment)
    return {
        name: _parse(reader, name, variable)
        for name in Config.model_fields
        if (variable := _variable(name, environment)) in environment
    }


def _variable(name: str, environment: Mapping[str, str]) -> str:
    """The variable that sets it."""
    short = SHORT_VARIABLES.get(name, "")
    return short if environment.get(short) else name.upper()


def _parse(reader: environ.Env, name: str, variable: str) -> Any:
    """One variable as its setting's type; django-environ knows the spellings."""
    annotation = Config.model_fields[name].annotation
    kinds = (annotation, *get_args(annotation))
    if reader.str(variable) == "" and type(None) in kinds:
        return None
    if annotation is bool:
        return _strict_bool(reader, variable)
    if annotation == list[str]:
        return reader.list(variable)
    if _is_mapping(name):
        return _json_or_text(reader.str(variable))
    for kind in (int, float):
        if kind in kinds:
            try:
                return kind(reader.str(variable))
            except ValueError:
                return reader.str(variable)  # pydantic says what is wrong with it
    return reader.str(variable)


def _is_mapping(name: str) -> bool:
    return get_origin(Config.model_fields[name].annotation) is dict


def _json_or_text(text: str) -> Any:
    """An empty variable is an empty mapping; pydantic says what is wrong with text."""
    try:
        return json.loads(text) if text.strip() else {}
    except ValueError:
        return text


def _strict_bool(reader: environ.Env, variable: str) -> Any:
    text = reader.str(variable).strip().lower()
    known = (*reader.BOOLEAN_TRUE_STRINGS, "false", "off", "no", "n", "0", "")
    return reader.bool(variable) if text in known else text


def demand(message: str) -> str:
    """What pydantic wants, as the second half of a sentence."""
    wanted = message.removeprefix("Value error, ").rstrip(".")
    return wanted.replace("Input should be", "it must be", 1).replace(
        "String should", "it should", 1
    )


def _explain(
    error: ValidationError, variables: Mapping[str, str], path: Path | None
) -> str:
    """Every bad value in one message: which key, from where, what is allowed."""
    lines = []
    for problem in error.errors(include_url=False):
        name = str(problem["loc"][0])
        where = (
            f"environment {variables[name]}" if name in variables else f"{path}: {name}"
        )
        # What is meant to be a mapping may hold keys, wherever it is broken.
        hidden = is_secret(name) or _is_mapping(name)
        given = MASK if hidden else repr(problem["input"])
        lines.append(f"{where} is {given}; {demand(problem['msg'])}.")
    return "\n".join(lines)
