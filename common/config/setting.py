"""How one setting is declared."""

from __future__ import annotations

from typing import Any, Self, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator


class Section(BaseModel):
    """A group of settings; its docstring is the group's sentence in the docs."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @classmethod
    def part_of(cls, whole: Section) -> Self:
        """Only this section's settings of a configuration that has them all."""
        values: dict[str, Any] = {n: getattr(whole, n) for n in cls.model_fields}
        return cast("Self", cls.model_construct(None, **values))

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_stray_yes(cls, value: Any, info: ValidationInfo) -> Any:
        """YAML reads `on` and `yes` as true, which Python would take for 1."""
        annotation = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and bool not in (annotation, *get_args(annotation)):
            raise ValueError("must not be true or false")
        return value


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
