"""Free settings for engines that do not come with the server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

MASK = "********"

_SECRET_NAME = re.compile(
    r"key|token|secret|passw|pwd|credential|auth|bearer|cookie", re.IGNORECASE
)

_USER_IN_ADDRESS = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/?#\s]*@", re.IGNORECASE)


def _check(value: object) -> object:
    """Raises ValueError."""
    if not isinstance(value, Mapping):
        raise ValueError(
            "must be a mapping: `name: value` lines in the file, a JSON object in the "
            "environment"
        )
    for name in value:
        if not isinstance(name, str):
            raise ValueError(f"must have names that are text, not {name!r}")
    return value


EngineOptionsSetting = Annotated[dict[str, Any], BeforeValidator(_check)]


def mask_password(text: str) -> str:
    """The same, without the user and password of an address (`http://user:pw@host`)."""
    return _USER_IN_ADDRESS.sub(rf"\g<1>{MASK}@", text)


def mask_secrets(value: Any) -> Any:
    """The same without passwords in addresses, and without the values whose name looks
    like a secret, at any depth."""
    if isinstance(value, str):
        return mask_password(value)
    if isinstance(value, Mapping):
        return {
            name: MASK
            if held and _SECRET_NAME.search(str(name))
            else mask_secrets(held)
            for name, held in value.items()
        }
    return [mask_secrets(each) for each in value] if isinstance(value, list) else value
