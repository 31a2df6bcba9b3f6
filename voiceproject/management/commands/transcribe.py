"""`manage.py transcribe`: transcribes recordings of any kind and length into files."""

from __future__ import annotations

import asyncio
import logging
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any, get_args

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.config import Config
from common.errors import VoiceError
from stt_app.core.engine import Task
from stt_app.core.files.file_transcriber import MAX_TRACKS
from stt_app.core.files.transcript_formats import FORMATS
from stt_app.core.language_tags import find_language
from stt_app.core.session.options import Options
from voiceproject.transcription import OutputOptions, Transcription, output_paths


class Command(BaseCommand):
    help = (
        "Write down recordings: any audio or video file. Interrupted, it goes on "
        "where it was when the same command is run again."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--format",
            action="append",
            choices=list(FORMATS),
            help="what to write; may be given several times (default: text)",
        )
        parser.add_argument(
            "--output",
            help="a folder, a file name, or `-` to print (default: beside each file)",
        )
        parser.add_argument(
            "--language",
            type=_language,
            help="a code such as `en`, or `auto` (default: `whisper_lang`)",
        )
        parser.add_argument(
            "--task",
            choices=get_args(Task),
            default="transcribe",
            help="`translate` writes English, whatever is spoken",
        )
        parser.add_argument(
            "--word-timestamps",
            action="store_true",
            help="ask for the time of each word: in JSON, and for better subtitles",
        )
        parser.add_argument(
            "--track",
            type=_track,
            help="the audio track to transcribe, counted from 1 (default: the first)",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Transcribe. Raises CommandError when a file failed or the user stopped it."""
        # Log lines would break the progress bar.
        logging.disable(logging.INFO)
        config: Config = settings.VOICE.config
        requested = OutputOptions(
            formats=tuple(dict.fromkeys(options["format"] or ["text"])),
            output=options["output"],
            track=options["track"],
            options=Options(
                language=options["language"] or config.whisper_lang,
                task=options["task"],
                word_timestamps=options["word_timestamps"],
            ),
        )
        try:
            work = [(path, output_paths(path, requested)) for path in options["files"]]
            check_distinct([each for _, paths in work for each in paths.values()])
        except ValueError as error:
            raise CommandError(str(error)) from error
        transcription = Transcription(
            config, requested, self.stdout.write, self.stderr.write
        )
        try:
            failed = asyncio.run(transcription.run(work))
        except VoiceError as error:
            raise CommandError(error.message) from error
        except KeyboardInterrupt:
            message = "Stopped. Run the same command again to resume."
            raise CommandError(message, returncode=130) from None
        finally:
            logging.disable(logging.NOTSET)
        if failed:
            raise CommandError("\n".join(failed))


def _language(value: str) -> str:
    if code := find_language(value):
        return code
    raise ArgumentTypeError(
        f"{value!r} is not known; use `auto` or a code such as `en`"
    )


def _track(value: str) -> int:
    if value.isdecimal() and 1 <= int(value) <= MAX_TRACKS:
        return int(value)
    raise ArgumentTypeError(f"{value!r} is not a track; use 1 to {MAX_TRACKS}")


def check_distinct(paths: list[Path]) -> None:
    """Raises ValueError when two recordings would be written to one file."""
    for path in paths:
        if paths.count(path) > 1:
            raise ValueError(f"Two recordings would both be written to {path}.")
