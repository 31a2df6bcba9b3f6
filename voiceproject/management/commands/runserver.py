"""`manage.py runserver` would run without engines: it points to `serve`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Not used: `manage.py serve` loads the models and runs the server."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("addrport", nargs="?")

    def handle(self, *_: Any, **__: Any) -> None:
        """Raises CommandError, which names the command to use."""
        raise CommandError(
            "Use `python manage.py serve`: runserver starts no speech engines."
        )
