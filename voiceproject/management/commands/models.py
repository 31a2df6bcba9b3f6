"""`manage.py models`: list and download Whisper models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.config import Config, project_dir
from common.errors import ModelMissing
from common.models.download import download_whisper
from common.models.files import find_llm, find_turn_model, local_whisper
from common.models.names import WHISPER_HUB_IDS

OFFLINE = (
    "`offline` is true, so downloads are disabled: run the command with OFFLINE=false."
)


class Command(BaseCommand):
    help = "List the models on this machine, or download a Whisper model."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="the models on this machine and those on the hub")
        fetch = verbs.add_parser("download", help="download a Whisper model")
        fetch.add_argument("name", help="`small`, `large-v3-turbo`, or `owner/name`")

    def handle(self, *_: Any, **options: Any) -> None:
        config: Config = settings.VOICE.config
        if options["verb"] == "list":
            self.stdout.write("\n".join(listing(config)))
        else:
            self._download(options["name"], config)

    def _download(self, name: str, config: Config) -> None:
        try:
            if found := local_whisper(name, config):
                self.stdout.write(f"{name} is already installed: {found.folder}")
                return
            if config.offline:
                raise CommandError(OFFLINE)
            folder = download_whisper(name, project_dir() / config.models_dir)
        except ModelMissing as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{name} is in {folder}. Use it with WHISPER_MODEL_NAME={name}"
        )


def listing(config: Config) -> list[str]:
    """One line per model: the configured one marked, then the others."""
    names = list(dict.fromkeys([config.whisper_model_name, *WHISPER_HUB_IDS]))
    lines = ["Whisper (* is the configured one)"]
    lines += [_whisper_line(name, config) for name in names]
    lines += ["", "Embedded language model", _line(find_llm, config)]
    return [*lines, "", "Turn model", _line(find_turn_model, config)]


def _whisper_line(name: str, config: Config) -> str:
    mark = "*" if name == config.whisper_model_name else " "
    try:
        found = local_whisper(name, config)
    except ModelMissing as error:
        return f"{mark} {name:<18} damaged: {error.message}"
    where = f"{found.source}: {found.folder}" if found else "not installed"
    return f"{mark} {name:<18} {where}"


def _line(find: Callable[[Config], Path], config: Config) -> str:
    try:
        return f"  {find(config)}"
    except ModelMissing as error:
        return f"  {error.message}"
