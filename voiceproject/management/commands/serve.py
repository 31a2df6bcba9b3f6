"""`manage.py serve`: the server."""

from __future__ import annotations

import sys
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from common.config import Config, LoadedConfig
from common.config.production import problems
from common.workers.heap import return_large_blocks
from gateway_app.keys.presence import any_key_is_stored
from voiceproject.server.reactor import run_until_done
from voiceproject.services import ROLES
from voiceproject.startup.database import prepare_database
from voiceproject.startup.failures import CannotStart
from voiceproject.startup.report import LogReport, StartReport, TerminalReport
from voiceproject.startup.serve import (
    CANNOT_START,
    ServeOptions,
    serve,
)
from voiceproject.startup.split import service_commands, supervise
from voiceproject.storage.folder import FolderInUse
from voiceproject.storage.use import using_data_folder

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Load the models, then serve HTTP and WebSockets until Ctrl-C or SIGTERM."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", help="address to listen on (HOST, `tts_host`)")
        parser.add_argument(
            "--port", type=int, help="port to listen on (PORT, `tts_port`)"
        )
        parser.add_argument(
            "--split",
            action="store_true",
            help="run two processes: speech-to-text on `stt_port`, the rest on `tts_port`",
        )
        parser.add_argument(
            "--role",
            choices=ROLES,
            help="run only this service, on its own host and port",
        )
        parser.add_argument(
            "--no-migrate",
            action="store_true",
            help="do not migrate the database",
        )
        parser.add_argument(
            "--supervised",
            action="store_true",
            help="stop when standard input ends (`--split` uses this)",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        loaded: LoadedConfig = settings.VOICE
        try:
            with using_data_folder(loaded.config):
                self._report_problems(loaded, options)
                sys.exit(self._run(loaded, options))
        except (CannotStart, FolderInUse) as error:
            self._exit(str(error))

    def _run(self, loaded: LoadedConfig, options: dict[str, Any]) -> int:
        if options["split"]:
            return _run_split(loaded, options)
        # Every open utterance allocates large blocks again and again.
        return_large_blocks()
        chosen = _serve_options(loaded, options)
        report = self._report(loaded.config, chosen)
        return run_until_done(lambda: serve(loaded, chosen, report))

    def _report_problems(self, loaded: LoadedConfig, options: dict[str, Any]) -> None:
        """Warnings and migrations; a supervised process leaves both to its supervisor."""
        if options["supervised"]:
            return
        for warning in loaded.warnings:
            log.warning(warning)
        if found := problems(loaded.config, any_key_is_stored()):
            self._exit("\n".join(found))
        if not options["no_migrate"] and (warning := prepare_database()):
            log.warning(warning)

    def _exit(self, message: str) -> None:
        self.stderr.write(message)
        sys.exit(CANNOT_START)

    def _report(self, config: Config, options: ServeOptions) -> StartReport:
        if config.log_json_mode or config.is_production:
            return LogReport()
        # Two processes would draw over each other's lines.
        is_live = sys.stdout.isatty() and not options.supervised
        return TerminalReport(sys.stdout, is_live=is_live)


def _serve_options(loaded: LoadedConfig, options: dict[str, Any]) -> ServeOptions:
    config = loaded.config
    is_stt = options["role"] == "stt"
    host = options["host"] or (config.stt_host if is_stt else config.tts_host)
    port = options["port"]
    if port is None:
        port = config.stt_port if is_stt else config.tts_port
    roles = (options["role"],) if options["role"] else ROLES
    return ServeOptions(host, port, roles, options["supervised"])


def _run_split(loaded: LoadedConfig, options: dict[str, Any]) -> int:
    host = ("--host", options["host"]) if options["host"] else ()
    commands = service_commands(ROLES, *host)
    if options["port"] is not None:
        commands["tts"] += ["--port", str(options["port"])]
    return supervise(commands, loaded.config.shutdown_grace_seconds)
