"""`manage.py voices`: list, verify and download Piper voices."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from common.config import Config
from common.errors import EngineFailed
from common.models.checksums import FileState, keep_checksums
from common.models.download import (
    PublishedVoice,
    download_voice,
    published_voices,
)
from common.models.files import (
    VoiceFiles,
    check_voice,
    installed_voices,
    local_voices,
    voice_checksums,
    voices_folder,
)
from common.models.names import nearest
from gateway_app.access.principals import LOCAL
from gateway_app.audit.log import Action, record
from tts_app.core.piper.catalog import Catalog, UnusableVoice, read_voice
from tts_app.core.piper.strays import stray_voice_files
from tts_app.voices.storage import sync_voices, write_checksum

OFFLINE = (
    "`offline` is true, so the hub is disabled: run the command with OFFLINE=false."
)
TAKE_AS_IT_IS = "To store the missing checksums of files that you trust:"
WORDS: dict[FileState, str] = {
    "same": "unchanged",
    "changed": "CHANGED since the installation",
    "missing": "MISSING since the installation",
    "unrecorded": "no checksum stored",
}


class Command(BaseCommand):
    help = (
        "List or download voices, verify that their files are still the installed "
        "ones, or write them to the database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help="the voices on this machine")
        listing.add_argument(
            "--all", action="store_true", help="include voices on the hub"
        )
        listing.add_argument("--language", default="", help="only `de` or `de_DE`")
        listing.add_argument("--verbose", action="store_true", help="show checksums")
        fetch = verbs.add_parser("download", help="download voices")
        fetch.add_argument("names", nargs="+", metavar="NAME")
        verify = verbs.add_parser(
            "verify",
            help="compare the files with their checksums; exit 1 if one differs",
        )
        verify.add_argument(
            "names", nargs="*", metavar="NAME", help="default: all voices"
        )
        accept = verbs.add_parser(
            "accept", help="accept the current files: store their checksums"
        )
        accept.add_argument("names", nargs="+", metavar="NAME")
        verbs.add_parser("sync", help="write the installed voices to the database")

    def handle(self, *_: Any, **options: Any) -> None:
        """Do what the verb says. Raises CommandError, which says what went wrong."""
        config: Config = settings.VOICE.config
        try:
            match options["verb"]:
                case "list":
                    self._list(config, options)
                case "download":
                    self._download(options["names"], config)
                case "verify":
                    self._verify(_named(options["names"], config))
                case "accept":
                    self._accept(_named(options["names"], config))
                case _:
                    self._sync(config)
        except EngineFailed as error:
            raise CommandError(error.message) from error

    def _list(self, config: Config, options: dict[str, Any]) -> None:
        here = installed_voices(config)
        language = options["language"]
        for voice in here:
            if voice.name.startswith(language):
                self.stdout.write(f"{voice.name:<32} {voice.source}: {voice.onnx}")
                if problem := _problem(voice):
                    self.stdout.write(f"  {problem}")
                if options["verbose"]:
                    self._list_checksums(voice)
        if not here:
            self.stdout.write("No voice is installed.")
        for reason in stray_voice_files(voices_folder(config)).values():
            self.stdout.write(reason)
        if options["all"]:
            _refuse_offline(config)
            known = {voice.name for voice in here}
            for published in published_voices():
                name = published.name
                if name not in known and name.startswith(language):
                    self.stdout.write(f"{name:<32} {_words(published)}")

    def _list_checksums(self, voice: VoiceFiles) -> None:
        kept = voice_checksums(voice)
        for name, digest in kept.items():
            self.stdout.write(f"  {digest}  {name}")
        if not kept:
            self.stdout.write("  no checksums stored")

    def _verify(self, voices: list[VoiceFiles]) -> None:
        differ: list[str] = []
        unrecorded: list[str] = []
        for voice in voices:
            self.stdout.write(voice.name)
            for check in check_voice(voice):
                self.stdout.write(f"  {check.file}: {WORDS[check.state]}")
                if check.state in ("changed", "missing"):
                    differ.append(voice.name)
                elif check.state == "unrecorded":
                    unrecorded.append(voice.name)
        if names := " ".join(dict.fromkeys(unrecorded)):
            self.stdout.write(f"{TAKE_AS_IT_IS} python manage.py voices accept {names}")
        if names := " ".join(dict.fromkeys(differ)):
            raise CommandError(
                f"{len(differ)} of the files differ from the installed ones. Delete "
                "the voice and install it again; or, when you changed it yourself: "
                f"python manage.py voices accept {names}"
            )

    def _accept(self, voices: list[VoiceFiles]) -> None:
        for voice in voices:
            if voice.source == "package":
                raise CommandError(
                    f"{voice.name} comes in a package, whose files must be the "
                    "publisher's. Copy it into `voices_dir` to change it."
                )
            kept = keep_checksums(voice.onnx)
            self.stdout.write(f"{voice.name}: {len(kept)} checksums stored.")
            try:
                write_checksum(voice.name, kept[voice.onnx.name])
            except DatabaseError as error:
                self.stderr.write(f"The admin still shows the old checksum: {error}")
            self._record(Action.ACCEPTED, voice.name, checksums=len(kept))

    def _download(self, names: list[str], config: Config) -> None:
        here = {voice.name: voice for voice in local_voices(config)}
        for name in names:
            if name in here:
                self.stdout.write(f"{name} is already installed: {here[name].onnx}")
                continue
            _refuse_offline(config)
            onnx = download_voice(name, voices_folder(config))
            self._record(Action.INSTALLED, name, source="hub")
            self.stdout.write(
                f"{name} is in {onnx.parent}. Use it with PIPER_MODEL_PATH={name}"
            )

    def _record(self, action: Action, name: str, **details: str | int) -> None:
        # Voices may be fetched before the database is made.
        try:
            record(LOCAL.id, action, f"voice:{name}", **details)
        except DatabaseError as error:
            self.stderr.write(f"Not in the audit log: {error}")

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


def _named(names: list[str], config: Config) -> list[VoiceFiles]:
    """The installed voices with these names; all if no name is given."""
    here = {voice.name: voice for voice in installed_voices(config)}
    for name in names:
        if name not in here:
            close = nearest(name, list(here))
            raise CommandError(f"There is no voice `{name}` here.{close}")
    return [here[name] for name in names] or list(here.values())


def _problem(voice: VoiceFiles) -> str:
    """Why the voice cannot be used; empty when it can."""
    try:
        read_voice(voice)
    except UnusableVoice as error:
        return error.message
    return ""


def _refuse_offline(config: Config) -> None:
    if config.offline:
        raise CommandError(OFFLINE)


def _words(voice: PublishedVoice) -> str:
    """Language, size and speakers of a published voice."""
    many = f", {voice.speakers} speakers" if voice.speakers > 1 else ""
    return f"on the hub: {voice.language}, {voice.size_bytes / 1e6:.0f} MB{many}"
