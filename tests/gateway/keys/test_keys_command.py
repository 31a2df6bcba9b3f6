"""What `manage.py keys` does with the limits it is given."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from gateway_app.keys.models import ApiKey

pytestmark = pytest.mark.django_db


def sessions_of(name: str) -> int | None:
    limit: int | None = ApiKey.objects.get(name=name).sessions
    return limit


def output_of(*words: str) -> str:
    output = io.StringIO()
    call_command("keys", *words, stdout=output)
    return output.getvalue()


def test_it_tells_no_limit_from_the_default_of_the_server() -> None:
    output_of("create", "kiosk", "--scopes", "stt", "--sessions", "0")
    assert sessions_of("kiosk") == 0
    assert "no limit" in output_of("show", "kiosk")

    output_of("change", "kiosk", "--sessions", "default")
    assert sessions_of("kiosk") is None


def test_it_refuses_a_limit_that_is_not_a_whole_number() -> None:
    with pytest.raises(CommandError, match="neither a whole number nor `default`"):
        output_of("create", "kiosk", "--scopes", "stt", "--sessions", "-1")


def test_it_names_the_command_that_makes_the_first_account() -> None:
    said = output_of("create", "kiosk", "--scopes", "stt")
    assert "manage.py users create NAME --role operator" in said
