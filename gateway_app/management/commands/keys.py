"""`manage.py keys`: make, list, change, rotate, revoke and delete API keys."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from common.models.names import nearest
from gateway_app.access.principals import LIMIT_NAMES, LOCAL, Limits, Scope
from gateway_app.keys.durations import moment_of
from gateway_app.keys.models import ApiKey, KeySecret
from gateway_app.keys.store import (
    change_key,
    create_key,
    delete_key,
    revoke_key,
    revoke_secret,
    rotate,
    scopes_in,
)

# Given for a limit: that of the server.
DEFAULT = "default"
NOTICE = "Running servers notice within two seconds; open sessions are closed."
FROM_NOW_ON = (
    "This is the first API key: from now on every caller needs a key or a session.\n"
    "Web pages ask visitors to sign in; `manage.py users create NAME --role operator` makes an account."
)
OPEN_AGAIN = (
    "That was the last API key: a server outside of production is open to everyone "
    "again who can reach it."
)


class Command(BaseCommand):
    help = "Make, list, change, rotate, revoke or delete API keys."
    # A production server may have no key yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser(
            "create", help="make a key, and print its secret once"
        )
        _named(create)
        _add_properties(create, scopes_are_needed=True)
        verbs.add_parser("list", help="every key with its state")
        _named(verbs.add_parser("show", help="everything about one key"))
        change = verbs.add_parser("change", help="change what a key may do")
        _named(change)
        _add_properties(change, scopes_are_needed=False)
        _named(
            verbs.add_parser("rotate", help="make a second secret, and print it once")
        )
        revoke = verbs.add_parser("revoke", help="revoke a key, or one of its secrets")
        _named(revoke)
        revoke.add_argument("--secret", metavar="PREFIX", help="only this one")
        _named(verbs.add_parser("delete", help="forget a key"))

    def handle(self, *_: Any, **options: Any) -> None:
        """Do what the verb says. Raises CommandError, which says what went wrong."""
        try:
            match options["verb"]:
                case "create":
                    self._create(options)
                case "list":
                    self._list()
                case verb:
                    self._with_key(verb, _key(options["name"]), options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except DatabaseError as error:
            raise CommandError(
                f"The database cannot be used: {error}. `manage.py migrate` prepares it."
            ) from error

    def _create(self, options: dict[str, Any]) -> None:
        is_first = _there_is_no_key()
        given = _properties(options)
        limits = Limits(**{name: given.pop(name, None) for name in LIMIT_NAMES})
        key, secret = create_key(LOCAL.id, options["name"], **given, limits=limits)
        self._show_secret(secret, f"The secret of {key.name}")
        if is_first:
            self.stdout.write(self.style.WARNING(FROM_NOW_ON))

    def _show_secret(self, secret: str, whose: str) -> None:
        self.stdout.write(f"{whose}, which is shown only now:")
        self.stdout.write(secret)

    def _list(self) -> None:
        keys = ApiKey.objects.prefetch_related("secrets")
        if not keys:
            self.stdout.write("There is no API key.")
            return
        self.stdout.write(f"{'NAME':<24} {'STATE':<9} {'EXPIRES':<10} SCOPES")
        for key in keys:
            expires = f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "never"
            scopes = ", ".join(key.scopes)
            self.stdout.write(f"{key.name:<24} {key.state:<9} {expires:<10} {scopes}")

    def _with_key(self, verb: str, key: ApiKey, options: dict[str, Any]) -> None:
        match verb:
            case "show":
                self._show(key)
                return
            case "change":
                self._change(key, _properties(options))
            case "rotate":
                self._rotate(key)
                return
            case "revoke":
                self._revoke(key, options["secret"])
            case _:
                delete_key(LOCAL.id, key)
                self.stdout.write(f"{key.name} is deleted.")
                if _there_is_no_key():
                    self.stdout.write(self.style.WARNING(OPEN_AGAIN))
        self.stdout.write(NOTICE)

    def _show(self, key: ApiKey) -> None:
        rows = {
            "name": key.name,
            "principal": key.principal,
            "state": key.state,
            "scopes": ", ".join(key.scopes),
            "created": _moment(key.created_at),
            "expires": _moment(key.expires_at),
            "origins": ", ".join(key.origins) or "all",
            "addresses": ", ".join(key.addresses) or "all",
        }
        rows |= {name: _limit_words(getattr(key, name)) for name in LIMIT_NAMES}
        for name, value in rows.items():
            self.stdout.write(f"{name:<26} {value}")
        for secret in key.secrets.all():
            self.stdout.write(f"{'secret':<26} {_secret_words(secret)}")

    def _change(self, key: ApiKey, given: dict[str, Any]) -> None:
        if not given:
            raise CommandError("Say what to change, such as `--scopes tts`.")
        for name, value in given.items():
            setattr(key, name, value)
        change_key(LOCAL.id, key, list(given))
        self.stdout.write(f"{key.name} is changed.")

    def _rotate(self, key: ApiKey) -> None:
        old = key.live_secrets.first()
        self._show_secret(rotate(LOCAL.id, key), f"The new secret of {key.name}")
        if old is not None:
            self.stdout.write(
                f"{old.prefix} still works until you revoke it: "
                f'manage.py keys revoke "{key.name}" --secret {old.prefix}'
            )

    def _revoke(self, key: ApiKey, prefix: str | None) -> None:
        if prefix is None:
            revoke_key(LOCAL.id, key)
            self.stdout.write(f"{key.name} is revoked.")
            return
        secret = key.live_secrets.filter(prefix=prefix).first()
        if secret is None:
            live = ", ".join(each.prefix for each in key.live_secrets) or "none"
            raise CommandError(
                f"{key.name} has no live secret {prefix}; it has: {live}."
            )
        revoke_secret(LOCAL.id, secret)
        self.stdout.write(f"{prefix} of {key.name} is revoked.")


def _there_is_no_key() -> bool:
    return not settings.VOICE.config.api_keys and not ApiKey.objects.exists()


def _named(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")


def _add_properties(parser: ArgumentParser, *, scopes_are_needed: bool) -> None:
    parser.add_argument(
        "--scopes",
        required=scopes_are_needed,
        metavar="SCOPES",
        help=f"what the key may be used for, with commas: {', '.join(Scope)}",
    )
    parser.add_argument(
        "--expires", metavar="TIME", help="`90d`, `12h`, `2w`, `1y`, a date, or `never`"
    )
    parser.add_argument(
        "--origins",
        metavar="ORIGINS",
        help="origins of pages that may use it, with commas",
    )
    parser.add_argument(
        "--addresses",
        metavar="NETWORKS",
        help="addresses or networks that may use it, with commas",
    )
    for name in LIMIT_NAMES:
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(
            option,
            type=_limit,
            metavar="N",
            help="0: no limit; `default`: the server's limit",
        )


def _limit(text: str) -> int | str:
    """The limit that an option names. Raises ArgumentTypeError."""
    if text == DEFAULT:
        return DEFAULT
    if not text.isascii() or not text.isdigit():
        raise ArgumentTypeError(f"`{text}` is neither a whole number nor `{DEFAULT}`")
    return int(text)


def _limit_words(limit: int | None) -> str:
    if limit is None:
        return DEFAULT
    return str(limit) if limit else "no limit"


def _properties(options: dict[str, Any]) -> dict[str, Any]:
    """The fields of the key that the options name."""
    given: dict[str, Any] = {}
    if options["scopes"] is not None:
        given["scopes"] = scopes_in(options["scopes"])
    if (expires := options["expires"]) is not None:
        try:
            given["expires_at"] = None if expires == "never" else moment_of(expires)
        except ValueError as error:
            raise CommandError(str(error)) from error
    for name in ("origins", "addresses"):
        if options[name] is not None:
            parts = [part.strip() for part in options[name].split(",")]
            given[name] = [part for part in parts if part]
    given |= {
        name: None if options[name] == DEFAULT else options[name]
        for name in LIMIT_NAMES
        if options[name] is not None
    }
    return given


def _key(name: str) -> ApiKey:
    """The key of this name. Raises CommandError."""
    key = ApiKey.objects.filter(name=name).first()
    if key is None:
        names = list(ApiKey.objects.values_list("name", flat=True))
        raise CommandError(f"There is no API key `{name}`.{nearest(name, names)}")
    return key


def _secret_words(secret: KeySecret) -> str:
    state = "revoked" if secret.revoked_at else "live"
    return f"{secret.prefix}, {state}, last used {_moment(secret.last_used_at)}"


def _moment(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC" if time else "never"
