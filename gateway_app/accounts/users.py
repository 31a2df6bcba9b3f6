"""Accounts with roles, for commands; every change is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from common.errors import BadValue, NotFound
from gateway_app.access.principals import LOCAL, Role, user_id
from gateway_app.accounts.roles import role_group
from gateway_app.audit.log import Action, record


@dataclass(frozen=True)
class Account:
    """An account as a list shows it."""

    name: str
    role: str
    """`superuser`, the names of its roles, or `none`."""
    active: bool
    last_sign_in: str


def accounts() -> Iterator[Account]:
    """All accounts, by name."""
    for user in User.objects.order_by("username").prefetch_related("groups"):
        last = user.last_login
        yield Account(
            user.get_username(),
            role_words(user),
            user.is_active,
            f"{last:%Y-%m-%d %H:%M}" if last else "never",
        )


def role_words(user: User) -> str:
    """`superuser`, the names of the user's roles, or `none`."""
    return "superuser" if user.is_superuser else _roles(user) or "none"


@transaction.atomic
def create_account(name: str, password: str, role: Role) -> None:
    """Raises BadValue for a name that is taken or wrong, or a password that is weak."""
    user = User(username=name, is_staff=True)
    try:
        user.clean_fields(exclude=["password"])
        user.validate_unique()
        validate_password(password, user)
    except ValidationError as error:
        raise BadValue(" ".join(error.messages)) from error
    user.set_password(password)
    user.save()
    user.groups.set([role_group(role)])
    _record(Action.CREATED, user, role=role.value)


@transaction.atomic
def set_role(name: str, role: Role) -> None:
    """Give this role in place of the others. Raises NotFound, or BadValue for a
    superuser, who would stay one."""
    user = _user(name)
    if user.is_superuser:
        raise BadValue(
            f"{name} is a superuser, who may do everything whatever the role. Uncheck "
            "`Superuser status` in the admin first."
        )
    others = user.groups.exclude(name__in=list(Role))
    before = _roles(user) or "none"
    user.groups.set([*others, role_group(role)])
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    _record(Action.CHANGED, user, role=role.value, before=before)


@transaction.atomic
def set_active(name: str, *, active: bool) -> None:
    """Let the account sign in or not; its sessions end at once. Raises NotFound."""
    user = _user(name)
    user.is_active = active
    user.save(update_fields=["is_active"])
    _record(Action.CHANGED, user, active="yes" if active else "no")


def _user(name: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        raise NotFound(f"There is no account `{name}`.")
    return user


def _roles(user: User) -> str:
    names = {group.name for group in user.groups.all()}
    return ", ".join(role for role in Role if role in names)


def _record(action: Action, user: User, **details: str) -> None:
    name = user.get_username()
    record(LOCAL.id, action, user_id(user), name=name, **details)
