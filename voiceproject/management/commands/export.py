"""`manage.py export`: everything that is kept of a person, as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from common.product import NAME
from gateway_app.access.principals import LOCAL
from gateway_app.audit.log import Action, record
from gateway_app.retention.people import Person, find_person
from voiceproject.storage.failing import explained
from voiceproject.storage.kinds import kept_data


class Command(BaseCommand):
    help = "Write everything that is kept of a key, a user or an address as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", help="as for `manage.py forget`")
        parser.add_argument(
            "file", nargs="?", help="a new file; standard output without"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Write the file. Raises CommandError."""
        with explained("No whole export"):
            person = find_person(options["person"], settings.VOICE.config)
            record(LOCAL.id, Action.EXPORTED, min(person.holders))
            if not options["file"]:
                write_export(person, self.stdout)
                return
            with _new_file(Path(options["file"])) as out:
                write_export(person, out)


def write_export(person: Person, out: Any) -> None:
    """One JSON object, written row by row."""
    head = {
        "product": NAME,
        "exported_at": timezone.now(),
        "principals": sorted(person.principals),
        "addresses": sorted(person.networks),
    }
    out.write(f'{_json(head)[:-1]}, "data": {{')
    for place, kind in enumerate(kept_data(settings.VOICE.config)):
        out.write(f"{', ' if place else ''}\n{_json(kind.name)}: [")
        for piece in _separated(kind.export(person)):
            out.write(piece)
        out.write("]")
    out.write("}}\n")


def _separated(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    for place, row in enumerate(rows):
        yield f"{',' if place else ''}\n{_json(row)}"


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def _new_file(path: Path) -> TextIO:
    """For its owner alone. Raises FileExistsError."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(number, "w", encoding="utf-8")
