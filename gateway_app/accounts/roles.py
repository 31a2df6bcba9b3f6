"""What each role may do in the admin; its scopes are in
gateway_app/access/principals.py.

Migrations create the groups. The admin can change their permissions, which then count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.contrib.auth.models import Group, Permission

from gateway_app.access.principals import Role


class Right(NamedTuple):
    """A permission of Django."""

    app: str
    model: str
    action: str


_READER = (
    Right("gateway_app", "transcript", "view"),
    Right("gateway_app", "synthesis", "view"),
    Right("gateway_app", "usageday", "view"),
    Right("tts_app", "voice", "view"),
    Right("chat_app", "conversation", "view"),
)
_OPERATOR = (
    *_READER,
    Right("tts_app", "voice", "change"),
    Right("gateway_app", "transcript", "delete"),
    Right("gateway_app", "synthesis", "delete"),
    Right("chat_app", "conversation", "delete"),
)
_ADMINISTRATOR = (
    *_OPERATOR,
    Right("gateway_app", "auditevent", "view"),
    *(
        Right(app, model, action)
        for app, model in (
            ("auth", "user"),
            ("auth", "group"),
            ("gateway_app", "apikey"),
        )
        for action in ("view", "add", "change", "delete")
    ),
)
ROLE_RIGHTS: dict[Role, Sequence[Right]] = {
    Role.READER: _READER,
    Role.OPERATOR: _OPERATOR,
    Role.ADMINISTRATOR: _ADMINISTRATOR,
}


def role_group(role: Role) -> Group:
    """The group of the role; made anew, with its permissions, if somebody deleted it."""
    group, created = Group.objects.get_or_create(name=role.value)
    if created:
        group.permissions.set(_permissions(ROLE_RIGHTS[role]))
    return group


def _permissions(rights: Sequence[Right]) -> list[Permission]:
    names = {(right.app, f"{right.action}_{right.model}") for right in rights}
    found = Permission.objects.select_related("content_type").filter(
        codename__in=[codename for _, codename in names]
    )
    return [
        each for each in found if (each.content_type.app_label, each.codename) in names
    ]
