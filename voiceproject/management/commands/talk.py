"""`manage.py talk`: a spoken conversation from a terminal."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from argparse import Action, ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.config import Config
from stt_app.core.language_tags import find_language
from voiceproject.startup.summary import url as server_url
from voiceproject.talk.connection import NoServer, Refused, socket_url
from voiceproject.talk.devices import Choice, NoSound, sound_library
from voiceproject.talk.program import Program, TalkOptions
from voiceproject.talk.recordings import read_recording
from voiceproject.talk.script import STANDARD_INPUT, Line, Pacing

KEY_VARIABLE = "EARLARK_KEY"
UNANSWERED, NO_SERVER, INTERRUPTED = 1, 3, 130


class _AddLine(Action):
    """Keeps recordings and texts in the order in which they are given."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        namespace.lines = [*(namespace.lines or []), values]


class Command(BaseCommand):
    help = (
        "Hold a spoken conversation with a running server: with microphone and "
        "loudspeaker, or with recordings (--in) and typed texts (--text), which are "
        "said in this order. Exit codes: 0, 1 if something got no reply or the server "
        "refused, 2 for wrong options, 3 if no server answers."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        _add_server(parser)
        _add_lines(parser)
        _add_session(parser)
        parser.add_argument(
            "--out", type=Path, metavar="WAV", help="record what was heard"
        )
        parser.add_argument(
            "--json",
            action="store_true",
            help="print all messages as JSON lines, with `at_ms` since the start",
        )
        parser.add_argument(
            "--microphone", type=_device, help="its number, or a part of its name"
        )
        parser.add_argument(
            "--loudspeaker", type=_device, help="its number, or a part of its name"
        )
        parser.add_argument(
            "--devices", action="store_true", help="list the sound devices, and end"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Raises CommandError when it was refused or not answered."""
        # Log lines would go between what is said.
        logging.disable(logging.WARNING)
        try:
            if options["devices"]:
                self.stdout.write(str(sound_library().query_devices()))
                return
            self._talk(settings.VOICE.config, options)
        except NoSound as error:
            raise CommandError(str(error)) from error
        finally:
            logging.disable(logging.NOTSET)

    def _talk(self, config: Config, options: dict[str, Any]) -> None:
        address = _address(config, options)
        program = Program(_talk_options(address, options), sys.stdout, sys.stdin)
        try:
            unanswered = asyncio.run(program.run())
        except NoServer as error:
            raise CommandError(
                f"No server answers at {address} ({error}). Start it:\n"
                f"    {_start_command(options)}",
                returncode=NO_SERVER,
            ) from error
        except (Refused, OSError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            if not options["lines"]:
                return
            message = "Stopped."
            raise CommandError(message, returncode=INTERRUPTED) from None
        if unanswered:
            names = ", ".join(unanswered)
            raise CommandError(f"Not answered: {names}", returncode=UNANSWERED)


def _add_server(parser: CommandParser) -> None:
    parser.add_argument(
        "--url",
        help="address of the server, such as https://voice.example (default: this configuration's)",
    )
    parser.add_argument("--host", help="address of the server (`tts_host`)")
    parser.add_argument("--port", type=int, help="its port (`tts_port`)")
    parser.add_argument(
        "--key",
        type=_key,
        default=os.environ.get(KEY_VARIABLE, ""),
        help=f"an API key with the scope `chat` (default: the variable {KEY_VARIABLE})",
    )


def _add_lines(parser: CommandParser) -> None:
    parser.add_argument(
        "--in",
        dest="lines",
        action=_AddLine,
        type=_recording,
        metavar="FILE",
        help="a recording to say, in real time; may be given several times",
    )
    parser.add_argument(
        "--text",
        dest="lines",
        action=_AddLine,
        type=_text,
        nargs="?",
        const=Line(STANDARD_INPUT),
        metavar="TEXT",
        help="a text to write; without one, each line of standard input",
    )
    parser.add_argument(
        "--pause",
        type=_seconds,
        default=1.0,
        metavar="SECONDS",
        help="between a reply and the next recording or text (default: 1)",
    )
    parser.add_argument(
        "--interrupt-after",
        type=_seconds,
        metavar="SECONDS",
        help="say the next one this long after the reply began, into it",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="give up a reply that has not begun by then (default: 60)",
    )


def _add_session(parser: CommandParser) -> None:
    parser.add_argument("--voice", help="the voice of the replies")
    parser.add_argument("--language", type=_language, help="a code such as `en`")
    parser.add_argument("--instructions", help="the system prompt")
    parser.add_argument("--model", help="the language model")
    parser.add_argument(
        "--max-tokens", type=int, metavar="NUMBER", help="of a reply, at most"
    )
    parser.add_argument(
        "--half-duplex",
        action="store_true",
        help="for loudspeakers without echo cancellation: do not listen during a reply",
    )


def _talk_options(address: str, options: dict[str, Any]) -> TalkOptions:
    try:
        url = socket_url(address)
    except ValueError as error:
        raise CommandError(str(error), returncode=2) from error
    return TalkOptions(
        url=url,
        key=options["key"],
        session=_session(options),
        lines=tuple(options["lines"] or ()),
        pacing=Pacing(options["pause"], options["interrupt_after"], options["timeout"]),
        out=options["out"],
        as_json=options["json"],
        devices=Choice(options["microphone"], options["loudspeaker"]),
    )


def _session(options: dict[str, Any]) -> dict[str, Any]:
    """The changes that the options ask for."""
    session: dict[str, Any] = {}
    audio: dict[str, Any] = {}
    for name in ("instructions", "model"):
        if options[name] is not None:
            session[name] = options[name]
    if options["max_tokens"] is not None:
        session["max_output_tokens"] = options["max_tokens"]
    if options["voice"] is not None:
        audio["output"] = {"voice": options["voice"]}
    if options["language"] is not None:
        audio["input"] = {"transcription": {"language": options["language"]}}
    if options["half_duplex"]:
        session["x.half_duplex"] = True
    return {**session, "audio": audio} if audio else session


def _address(config: Config, options: dict[str, Any]) -> str:
    if options["url"]:
        return str(options["url"])
    host = options["host"] or config.tts_host
    port = config.tts_port if options["port"] is None else options["port"]
    return f"{server_url(host, port)}{config.root_path}"


def _start_command(options: dict[str, Any]) -> str:
    chosen = [
        f"{name.upper()}={options[name]}" for name in ("host", "port") if options[name]
    ]
    return " ".join(["make run", *chosen])


def _recording(value: str) -> Line:
    try:
        return Line(value, read_recording(Path(value)))
    except OSError as error:
        raise ArgumentTypeError(f"{value}: {error.strerror}") from error
    except ValueError as error:
        raise ArgumentTypeError(f"{value}: {error}") from error


def _text(value: str) -> Line:
    if not value.strip():
        raise ArgumentTypeError("a text must not be empty")
    return Line(value)


def _key(value: str) -> str:
    if value.isascii() and value.isprintable():
        return value
    raise ArgumentTypeError("a key consists of printable ASCII characters")


def _device(value: str) -> int | str:
    return int(value) if value.isdecimal() else value


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if 0 <= seconds < 3600:
        return seconds
    raise ArgumentTypeError(f"{value!r} are no seconds; use a number such as 1.5")


def _language(value: str) -> str:
    if code := find_language(value):
        return code
    raise ArgumentTypeError(
        f"{value!r} is not known; use `auto` or a code such as `en`"
    )
