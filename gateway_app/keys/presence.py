"""Whether there are keys; can be asked before the models are loaded."""

from __future__ import annotations

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError


def any_key_is_stored() -> bool:
    """Whether the database has a key; not if it cannot be read."""
    model = apps.get_model("gateway_app", "ApiKey")
    try:
        return bool(model._default_manager.exists())
    except (DatabaseError, ImproperlyConfigured):
        return False
