"""Names of principals for people to read: of keys in the database, and of accounts.

They are looked up when they are shown, so a new name shows in old rows, and a key or an
account that is gone leaves its id only.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.apps import apps
from django.contrib.auth import get_user_model

from gateway_app.access.principals import USER_PREFIX, account_of

MAX_FOUND = 100
"""As many callers does one search find by their names."""


def names_of(principals: Iterable[str | None]) -> dict[str, str]:
    """The names by id, of those that have one. Raises Django's database errors."""
    ids = {each for each in principals if each}
    pks = [pk for each in ids if (pk := account_of(each)) is not None]
    keys = apps.get_model("gateway_app", "ApiKey")._default_manager
    users = get_user_model()._default_manager.filter(pk__in=pks)
    named: dict[str, str] = dict(
        keys.filter(principal__in=ids).values_list("principal", "name")
    )
    return named | {f"{USER_PREFIX}{user.pk}": user.get_username() for user in users}


def principals_named_like(text: str) -> list[str]:
    """The ids of those whose names contain the text, MAX_FOUND of keys and as many of
    accounts at most."""
    keys = apps.get_model("gateway_app", "ApiKey")._default_manager
    users = get_user_model()._default_manager.filter(username__icontains=text)
    found = keys.filter(name__icontains=text).values_list("principal", flat=True)
    pks = users.values_list("pk", flat=True)[:MAX_FOUND]
    return [*found[:MAX_FOUND], *(f"{USER_PREFIX}{pk}" for pk in pks)]


def with_name(principal: str, name: str) -> str:
    """The name and the id: two callers may have the same name."""
    return f"{name} ({principal})" if name else principal
