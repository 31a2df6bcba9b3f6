"""`manage.py users`: accounts and their roles."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.errors import VoiceError
from gateway_app.access.principals import Role
from gateway_app.accounts.users import accounts, create_account, set_active, set_role

ROLES = [role.value for role in Role]


class Command(BaseCommand):
    help = (
        "Create, list and disable accounts. A reader sees the monitor and the history; "
        "an operator also uses speech and manages voices; an administrator may do "
        "everything."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="create an account")
        create.add_argument("name", metavar="NAME")
        create.add_argument("--role", choices=ROLES, required=True)
        create.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input instead of asking for it",
        )
        verbs.add_parser("list", help="all accounts, with their roles")
        change = verbs.add_parser("set-role", help="change the role of an account")
        change.add_argument("name", metavar="NAME")
        change.add_argument("role", choices=ROLES, metavar="ROLE")
        disable = verbs.add_parser("disable", help="nobody can sign in to it any more")
        disable.add_argument("name", metavar="NAME")
        enable = verbs.add_parser("enable", help="undo `disable`")
        enable.add_argument("name", metavar="NAME")

    def handle(self, *_: Any, **options: Any) -> None:
        """Do what the verb says. Raises CommandError, which says what went wrong."""
        try:
            self._do(options["verb"], options)
        except VoiceError as error:
            raise CommandError(error.message) from error

    def _do(self, verb: str, options: dict[str, Any]) -> None:
        if verb == "list":
            self._list()
            return
        name: str = options["name"]
        if verb == "create":
            password = _password(from_input=options["password_stdin"])
            create_account(name, password, Role(options["role"]))
            self.stdout.write(f"Created {name}, {options['role']}.")
        elif verb == "set-role":
            set_role(name, Role(options["role"]))
            self.stdout.write(f"{name} is {options['role']} now.")
        else:
            set_active(name, active=verb == "enable")
            self.stdout.write(f"{name} is {verb}d.")

    def _list(self) -> None:
        found = list(accounts())
        for each in found:
            state = "" if each.active else "  disabled"
            self.stdout.write(
                f"{each.name:<24} {each.role:<16} last sign-in {each.last_sign_in}{state}"
            )
        if not found:
            self.stdout.write("There is no account yet.")


def _password(*, from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise CommandError("The two passwords differ.")
    return password
