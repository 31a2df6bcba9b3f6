"""`manage.py forget`: remove everything that is kept of a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from gateway_app.access.principals import LOCAL
from gateway_app.audit.log import Action, record
from gateway_app.retention.forgetting import SEEN_SECONDS, Forgotten, forget
from gateway_app.retention.kept import counted, words_for
from gateway_app.retention.people import Person, find_person
from voiceproject.storage.failing import explained
from voiceproject.storage.folder import data_folder, is_in_use, older_copies
from voiceproject.storage.kinds import kept_data


class Command(BaseCommand):
    help = (
        "Remove everything that is kept of a key, a user or an address: history, "
        "conversations, streams and usage. The audit log keeps what was done, without "
        "the name. Running servers drop what they hold in memory."
    )

    ask: Callable[[str], str] = staticmethod(input)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "person",
            help="name or id of a key (`key:...`), a user (name, e-mail or `user:7`), "
            "or an IP address",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only print what would be removed"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_: Any, **options: Any) -> None:
        """Remove and report. Raises CommandError."""
        config, name = settings.VOICE.config, options["person"]
        with explained("Nothing was removed"):
            person = find_person(name, config)
            found = self._show(person, name)
        if options["dry_run"]:
            return
        if not options["yes"] and not self._is_sure(found):
            raise CommandError("Nothing was removed.")
        with explained("Not everything was removed"):
            self._report(self._forget(person))

    def _show(self, person: Person, name: str) -> int:
        """What is kept, by kind; how much of it would be removed."""
        total = 0
        who = ", ".join(sorted(person.holders))
        self.stdout.write(f"{name} is {who}:")
        for kind in kept_data(settings.VOICE.config):
            count = kind.count(person)
            if not kind.stays:
                self.stdout.write(f"{count:>8} {words_for(count, kind)}")
                total += count
            elif count:
                self.stdout.write(f"{count:>8} {words_for(count, kind)} ({kind.stays})")
        return total

    def _is_sure(self, found: int) -> bool:
        try:
            answer = self.ask(f"Remove {_these(found)} for good? Type yes: ")
        except EOFError:
            return False
        return answer.strip().lower() == "yes"

    def _forget(self, person: Person) -> Forgotten:
        config = settings.VOICE.config
        # Servers on other machines may use a database that is not SQLite.
        servers_run = is_in_use(data_folder(config)) or connection.vendor != "sqlite"
        if servers_run:
            self.stdout.write(f"Telling running servers ({SEEN_SECONDS:g} s).")
        done = forget(person, kept_data(config), servers_run=servers_run)
        removed = sum(done.counts.values())
        record(LOCAL.id, Action.FORGOTTEN, done.pseudonym, removed=removed)
        return done

    def _report(self, done: Forgotten) -> None:
        kinds = [each for each in kept_data(settings.VOICE.config) if not each.stays]
        removed = ", ".join(counted(done.counts[kind.name], kind) for kind in kinds)
        self.stdout.write(f"Removed: {removed}.")
        self.stdout.write(f"The audit log calls this person {done.pseudonym}.")
        for path in older_copies(data_folder(settings.VOICE.config)):
            self.stdout.write(f"{path} is older and not changed: delete it.")
        if done.left_bytes:
            self.stderr.write(
                "The rows are gone, but the database could not rewrite its files, so "
                f"their bytes may still be on the disk: {done.left_bytes}. Run the "
                "command again."
            )


def _these(found: int) -> str:
    return "this one record" if found == 1 else f"these {found} records"
