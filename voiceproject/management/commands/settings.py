"""`manage.py settings`: every setting with its source."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from common.config import LoadedConfig, sections


class Command(BaseCommand):
    help = "Print every setting, its value and its source; secrets are masked."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        loaded: LoadedConfig = settings.VOICE
        for warning in loaded.warnings:
            self.stderr.write(f"Warning: {warning}")
        if options["json"]:
            self.stdout.write(json.dumps(as_json(loaded), indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(as_lines(loaded)))


def as_json(loaded: LoadedConfig) -> dict[str, Any]:
    """Values and origins by name, grouped, with the file that was read."""
    groups = {
        section.title: {
            name: {"value": loaded.shown(name), "origin": loaded.origins[name].value}
            for name in section.fields
        }
        for section in sections()
    }
    return {"file": str(loaded.path) if loaded.path else None, "settings": groups}


def as_lines(loaded: LoadedConfig) -> list[str]:
    """The same as a table for people."""
    width = max(len(name) for name in loaded.origins)
    lines = [f"File: {loaded.path or 'none; every value is a default'}"]
    for section in sections():
        lines += ["", f"{section.title}: {section.sentence}"]
        for name in section.fields:
            value = json.dumps(loaded.shown(name), ensure_ascii=False)
            origin = loaded.origins[name].value
            lines.append(f"  {name:<{width}}  {value}  ({origin})")
    return lines
