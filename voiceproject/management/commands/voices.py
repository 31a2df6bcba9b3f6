"""`manage.py voices`: which Piper voices are here, and fetching more."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.config import Config, project_dir
from common.errors import EngineFailed
from common.model_download import download_voice, voice_catalog
from common.model_files import local_voices
from tts_app.core.catalog import Catalog
from tts_app.services import sync_voices

OFFLINE = "`offline` is true, so the hub is not asked: run it with OFFLINE=false."


class Command(BaseCommand):
    help = "List the voices, download one, or write the installed ones to the database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help="the voices on this machine")
        listing.add_argument("--all", action="store_true", help="those on the hub too")
        listing.add_argument("--language", default="", help="only `de` or `de_DE`")
        fetch = verbs.add_parser("download", help="fetch voices")
        fetch.add_argument("names", nargs="+", metavar="NAME")
        verbs.add_parser("sync", help="write the installed voices to the database")

    def handle(self, *_: Any, **options: Any) -> None:
        config: Config = settings.VOICE.config
        try:
            if options["verb"] == "list":
                self._list(config, options)
            elif options["verb"] == "download":
                self._download(options["names"], config)
            else:
                self._sync(config)
        except EngineFailed as error:
            raise CommandError(error.message) from error

    def _list(self, config: Config, options: dict[str, Any]) -> None:
        here = local_voices(config)
        language = options["language"]
        for voice in here:
            if voice.name.startswith(language):
                self.stdout.write(f"{voice.name:<32} {voice.source}: {voice.onnx}")
        if not here:
            self.stdout.write("No voice is installed.")
        if options["all"]:
            _refuse_offline(config)
            known = {voice.name for voice in here}
            for name, entry in sorted(voice_catalog().items()):
                if name not in known and name.startswith(language):
                    self.stdout.write(f"{name:<32} {_words(entry)}")

    def _download(self, names: list[str], config: Config) -> None:
        here = {voice.name: voice for voice in local_voices(config)}
        for name in names:
            if name in here:
                self.stdout.write(f"{name} is here already: {here[name].onnx}")
                continue
            _refuse_offline(config)
            onnx = download_voice(name, project_dir() / config.voices_dir)
            self.stdout.write(
                f"{name} is in {onnx.parent}. Use it with PIPER_MODEL_PATH={name}"
            )

    def _sync(self, config: Config) -> None:
        catalog = Catalog(config)
        catalog.load()
        result = sync_voices(voice.info for voice in catalog.voices.values())
        for name, reason in catalog.unusable.items():
            self.stderr.write(f"{name} cannot be used: {reason}")
        self.stdout.write(
            f"{len(result.added)} added, {len(result.updated)} updated, "
            f"{len(result.gone)} no longer installed."
        )


def _refuse_offline(config: Config) -> None:
    if config.offline:
        raise CommandError(OFFLINE)


def _words(entry: dict[str, Any]) -> str:
    """Language, quality and size of a published voice."""
    language = entry.get("language", {})
    name = " ".join(
        part
        for part in (language.get("name_english"), language.get("country_english"))
        if part
    )
    size = sum(file.get("size_bytes", 0) for file in entry.get("files", {}).values())
    speakers = entry.get("num_speakers", 1)
    many = f", {speakers} speakers" if speakers > 1 else ""
    return f"on the hub: {name}, {size / 1e6:.0f} MB{many}"
