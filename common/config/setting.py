"""How one setting is declared."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A group of settings; its docstring is the group's sentence in the docs."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def setting(
    default: Any, help_sentence: str, *, secret: bool = False, **bounds: Any
) -> Any:
    """A setting with its default, a sentence for the docs, and its bounds."""
    return Field(
        default,
        description=help_sentence,
        json_schema_extra={"secret": secret},
        **bounds,
    )
