"""Who signed in and out, from Django's signals."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver

from gateway_app.access.principals import user_id
from gateway_app.audit.log import Action, record


@receiver(user_logged_in, dispatch_uid="audit")
def record_sign_in(user: Any, **_: Any) -> None:
    """A password was right."""
    _record(Action.SIGNED_IN, user)


@receiver(user_logged_out, dispatch_uid="audit")
def record_sign_out(user: Any, **_: Any) -> None:
    """Somebody signed out; nobody, if the session had ended before."""
    if user is not None:
        _record(Action.SIGNED_OUT, user)


def _record(action: Action, user: Any) -> None:
    record(user_id(user), action, user_id(user), name=user.get_username())
