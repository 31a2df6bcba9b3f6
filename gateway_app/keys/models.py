"""API keys in the database: what each may do, and the digests of its secrets."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from gateway_app.access.origins import is_origin
from gateway_app.access.principals import (
    KEY_PREFIX,
    LIMIT_NAMES,
    USER_PREFIX,
    Limits,
    Scope,
)

NAME_CHARACTERS = 100


def new_principal_id() -> str:
    """An id of the same form as that of a key in the configuration."""
    return f"{KEY_PREFIX}{secrets.token_hex(8)}"


def _limit(sentence: str) -> Any:
    return models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=f"{sentence} Empty: the default of the server; 0: no limit.",
    )


class ApiKey(models.Model):
    """One caller: an application or a person. Its secrets may change."""

    name = models.CharField(
        max_length=NAME_CHARACTERS,
        unique=True,
        help_text="Whose key it is, as lists and logs show it.",
    )
    principal = models.CharField(
        max_length=64, unique=True, editable=False, default=new_principal_id
    )
    scopes = models.JSONField(default=list, help_text="What the key may be used for.")
    expires_at = models.DateTimeField(
        "expires", null=True, blank=True, help_text="Empty: it does not expire."
    )
    origins = models.JSONField(
        "allowed origins",
        default=list,
        blank=True,
        help_text="Pages that may use the key, such as `https://app.example`, one a "
        "line. Empty: programs and all pages that the server allows.",
    )
    addresses = models.JSONField(
        "allowed addresses",
        default=list,
        blank=True,
        help_text="Addresses or networks that may use the key, such as "
        "`192.0.2.0/24` or `2001:db8::/48`, one a line. Empty: all.",
    )
    requests_per_minute = _limit("HTTP requests and new WebSockets in a minute.")
    sessions = _limit("WebSockets that are open at the same time.")
    audio_in_seconds_per_day = _limit("Seconds of audio to transcribe in a UTC day.")
    audio_out_seconds_per_day = _limit("Seconds of speech in a UTC day.")
    llm_tokens_per_day = _limit("Tokens of language models in a UTC day.")
    created_at = models.DateTimeField("created", default=timezone.now, editable=False)
    revoked_at = models.DateTimeField("revoked", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def audit_name(self) -> str:
        """How the audit log names it."""
        return self.name

    @property
    def limits(self) -> Limits:
        """Its own limits, as the principal has them."""
        return Limits(**{name: getattr(self, name) for name in LIMIT_NAMES})

    @property
    def state(self) -> str:
        """`valid`, `revoked`, `expired`, or `no secret` after the last was revoked."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return "expired"
        # Read once for a whole list.
        live = [each for each in self.secrets.all() if each.revoked_at is None]
        return "valid" if live else "no secret"

    @property
    def live_secrets(self) -> models.QuerySet[KeySecret]:
        """Those that a caller could use, if the key itself allows it."""
        return self.secrets.filter(revoked_at=None)

    def clean(self) -> None:
        """Raises ValidationError for a name that stands for somebody else, and for
        scopes, origins and addresses that do not exist."""
        _check_name(self.name)
        known = {str(scope) for scope in Scope}
        if not self.scopes or set(self.scopes) - known:
            raise ValidationError(
                {"scopes": f"Choose at least one of: {', '.join(sorted(known))}."}
            )
        for origin in self.origins:
            if not is_origin(origin):
                raise ValidationError(
                    {
                        "origins": f"{origin} is not an origin such as https://app.example"
                    }
                )
        for address in self.addresses:
            _check_network(address)


class KeySecret(models.Model):
    """One secret of a key. Its text is shown once and never stored."""

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="secrets")
    prefix = models.CharField(max_length=32, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField("created", default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(
        "last used", null=True, blank=True, editable=False
    )
    revoked_at = models.DateTimeField("revoked", null=True, blank=True, editable=False)

    class Meta:
        default_permissions = ()
        ordering = ("created_at", "pk")

    def __str__(self) -> str:
        return self.prefix


class KeysVersion(models.Model):
    """One row that is different after every change of a key: processes watch it."""

    version = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.version)


def _check_name(name: str) -> None:
    """Commands such as `forget` take a name, an id or an address in the same place."""
    if not name.isprintable() or name != name.strip():
        raise ValidationError(
            {"name": "A name is one line, with no space at its ends."}
        )
    if name.startswith((KEY_PREFIX, USER_PREFIX)) or _is_address(name):
        raise ValidationError(
            {"name": "A name may not look like an id (`key:...`) or an address."}
        )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return True


def _check_network(address: str) -> None:
    try:
        ipaddress.ip_network(address, strict=False)
    except ValueError as error:
        raise ValidationError(
            {"addresses": f"{address} is not an address or a network"}
        ) from error


@receiver([post_save, post_delete], sender=ApiKey)
@receiver([post_save, post_delete], sender=KeySecret)
def _tell_all_processes(**_: Any) -> None:
    # Not a count: two changes at once, or a restored database, must differ as well.
    version = secrets.randbits(62)
    KeysVersion.objects.update_or_create(pk=1, defaults={"version": version})
