"""Who uses the server: a stable identity, whatever proved it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Principal:
    """Ownership of streams and conversations, quotas, history and logs hang on its id."""

    id: str
    """`anonymous`, `local`, `key:<16 hex>` or `user:<pk>`."""
    kind: Literal["anonymous", "key", "user", "local"]
    name: str = ""
    scopes: frozenset[str] = frozenset()
    limits: Mapping[str, float] = field(default_factory=dict)


ANONYMOUS = Principal("anonymous", "anonymous")
LOCAL = Principal("local", "local", "command line")
"""The command line of the machine itself."""
