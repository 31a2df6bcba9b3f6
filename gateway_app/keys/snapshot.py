"""All keys as a process has them in memory: a check asks no database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway_app.access.principals import Principal
from gateway_app.keys.secret import matches, prefix_of

MAX_KEYS = 10_000
"""A few megabytes in each process."""
MAX_LIVE_SECRETS = 2
"""The old one and the new one, while a key is rotated."""
MAX_SECRETS = MAX_KEYS * MAX_LIVE_SECRETS
_NO_DIGEST = "0" * 64


@dataclass(frozen=True)
class KnownSecret:
    """A secret that is not revoked, of a key that is not either."""

    prefix: str
    digest: str
    principal: Principal
    expires_at: float | None
    """Seconds since 1970; None if it does not expire."""

    def is_valid(self, now: float) -> bool:
        return self.expires_at is None or now < self.expires_at


class KeySnapshot:
    """The keys at one moment."""

    def __init__(self, secrets: Iterable[KnownSecret] = (), any_key: bool = False):
        """`any_key`: whether there is a key at all, of whatever state."""
        self._secrets = {secret.prefix: secret for secret in secrets}
        self.any_key = any_key

    def find(self, text: str, now: float) -> Principal | None:
        """The principal of a secret; None if it is unknown, wrong or has expired."""
        secret = self._secrets.get(prefix_of(text))
        # An unknown prefix takes as long as a wrong secret.
        is_right = matches(text, secret.digest if secret else _NO_DIGEST)
        if secret is None or not is_right or not secret.is_valid(now):
            return None
        return secret.principal

    def still(self, credential: str, now: float) -> Principal | None:
        """The principal of the secret with this prefix as it is now."""
        secret = self._secrets.get(credential)
        return secret.principal if secret and secret.is_valid(now) else None
