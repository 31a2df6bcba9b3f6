"""A test finds nothing of the one before it."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connections

from gateway_app.access.principals import LOCAL, act_as, acting


@pytest.mark.parametrize("_time", [1, 2])
def test_nobody_acts_who_acted_in_the_test_before(_time: int) -> None:
    assert acting() is None
    act_as(LOCAL)


def emptied() -> None:
    call_command("flush", interactive=False, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_of_a_test() -> None:
    permissions = set(Permission.objects.values_list("codename", flat=True))
    user = User.objects.create_user("alice")
    Session.objects.create(session_key="kept", expire_date="2030-01-01T00:00Z")
    emptied()
    assert not User.objects.exists()
    assert not Session.objects.exists()
    assert "view_user" in permissions
    assert set(Permission.objects.values_list("codename", flat=True)) == permissions
    assert User.objects.create_user("bob").pk == user.pk


@pytest.mark.django_db(transaction=True)
def test_what_a_test_has_deleted_comes_back() -> None:
    types = ContentType.objects.count()
    Permission.objects.all().delete()
    ContentType.objects.all().delete()
    emptied()
    assert ContentType.objects.count() == types > 0
    assert Permission.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_other_threads_see_it_too() -> None:
    User.objects.create_user("alice")
    seen = []

    def look() -> None:
        seen.append(User.objects.count())
        written.set()
        empty.wait()
        seen.append(User.objects.count())
        connections.close_all()

    written, empty = threading.Event(), threading.Event()
    thread = threading.Thread(target=look)
    thread.start()
    written.wait()
    emptied()
    empty.set()
    thread.join()
    assert seen == [1, 0]
