"""The secret of an API key: `earlark_<8 digits>_<random>`, of which only a digest is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

from common.product import SLUG

PREFIX_BYTES = 4
RANDOM_BYTES = 24
"""192 bits: no slow hash is needed for what nobody can guess."""
# Any word in front, so that keys outlive a change of the product's name.
_FORM = re.compile(
    rf"([a-z]+_[0-9a-f]{{{2 * PREFIX_BYTES}}})_[0-9a-f]{{{2 * RANDOM_BYTES}}}"
)


@dataclass(frozen=True)
class NewSecret:
    """A secret at the one moment when its text is known."""

    text: str = field(repr=False)
    prefix: str

    @property
    def digest(self) -> str:
        return digest_of(self.text)


def new_secret() -> NewSecret:
    """A secret that nobody has yet."""
    prefix = f"{SLUG}_{secrets.token_hex(PREFIX_BYTES)}"
    return NewSecret(f"{prefix}_{secrets.token_hex(RANDOM_BYTES)}", prefix)


def prefix_of(text: str) -> str:
    """The part by which a secret is looked up; empty if it has another form."""
    match = _FORM.fullmatch(text)
    return match.group(1) if match else ""


def digest_of(text: str) -> str:
    """What is stored in place of the secret."""
    return hashlib.sha256(text.encode()).hexdigest()


def matches(text: str, digest: str) -> bool:
    """Whether it is the secret with this digest; compared in constant time."""
    return hmac.compare_digest(digest_of(text), digest)
