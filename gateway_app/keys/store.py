"""Making, rotating, revoking and deleting keys, each with its line in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from gateway_app.access.principals import NO_LIMITS, Limits, Scope
from gateway_app.audit.log import Action, record
from gateway_app.keys.models import ApiKey, KeySecret
from gateway_app.keys.secret import new_secret
from gateway_app.keys.snapshot import MAX_KEYS, MAX_LIVE_SECRETS


@transaction.atomic
def create_key(
    actor: str,
    name: str,
    scopes: Sequence[str],
    *,
    expires_at: datetime | None = None,
    origins: Sequence[str] = (),
    addresses: Sequence[str] = (),
    limits: Limits = NO_LIMITS,
) -> tuple[ApiKey, str]:
    """The new key, and its secret, which is nowhere kept. Raises ValidationError."""
    key = ApiKey(
        name=name,
        scopes=list(scopes),
        expires_at=expires_at,
        origins=list(origins),
        addresses=list(addresses),
        **asdict(limits),
    )
    key.full_clean()
    key.save()
    record(actor, Action.CREATED, subject_of(key), scopes=", ".join(key.scopes))
    return key, first_secret(key)


def first_secret(key: ApiKey) -> str:
    """The secret of a key that was just made. Raises ValidationError."""
    if ApiKey.objects.count() > MAX_KEYS:
        raise ValidationError(f"A server can have {MAX_KEYS} keys at most.")
    return _add_secret(key)


@transaction.atomic
def rotate(actor: str, key: ApiKey) -> str:
    """A second secret; the first one works until it is revoked. Raises
    ValidationError for a key that is revoked or already has two."""
    key = ApiKey.objects.select_for_update().get(pk=key.pk)
    if key.revoked_at is not None:
        raise ValidationError(f"{key.name} is revoked. Make a new key.")
    if key.live_secrets.count() >= MAX_LIVE_SECRETS:
        raise ValidationError(
            f"{key.name} already has {MAX_LIVE_SECRETS} secrets. Revoke one first."
        )
    text = _add_secret(key)
    record(actor, Action.ROTATED, subject_of(key))
    return text


@transaction.atomic
def revoke_secret(actor: str, secret: KeySecret) -> None:
    """Callers with this secret are refused from now on."""
    secret.revoked_at = timezone.now()
    secret.save(update_fields=["revoked_at"])
    record(actor, Action.REVOKED, subject_of(secret.key), secret=secret.prefix)


@transaction.atomic
def revoke_key(actor: str, key: ApiKey) -> None:
    """Callers with any secret of this key are refused from now on."""
    key.revoked_at = timezone.now()
    key.save(update_fields=["revoked_at"])
    record(actor, Action.REVOKED, subject_of(key))


@transaction.atomic
def change_key(actor: str, key: ApiKey, fields: Sequence[str]) -> None:
    """Keep the changed fields. Raises ValidationError."""
    key.full_clean()
    key.save(update_fields=list(fields))
    record(actor, Action.CHANGED, subject_of(key), fields=", ".join(fields))


@transaction.atomic
def delete_key(actor: str, key: ApiKey) -> None:
    """Forget the key. What it made stays, under the id of its principal."""
    record(actor, Action.DELETED, subject_of(key), principal=key.principal)
    key.delete()


def subject_of(key: ApiKey) -> str:
    """How the audit log names it, like the admin does."""
    return f"{ApiKey._meta.model_name}:{key.audit_name}"


def scopes_in(text: str) -> list[str]:
    """The scopes of a list with commas. Raises ValidationError for an unknown one."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in set(Scope):
            known = ", ".join(Scope)
            raise ValidationError(f"There is no scope `{name}`; there are: {known}.")
    return names


def _add_secret(key: ApiKey) -> str:
    secret = new_secret()
    KeySecret.objects.create(key=key, prefix=secret.prefix, digest=secret.digest)
    return secret.text
