"""Records as database rows: cut to the column lengths, without characters that databases refuse."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from django.db import models

from common.text_cleaning import clean_text
from gateway_app.history.records import Record, TranscriptRecord
from gateway_app.models import HistoryEntry, Synthesis, Transcript


def row_of(record: Record, ended: datetime) -> HistoryEntry:
    """The row for the record, not yet written."""
    table: type[HistoryEntry]
    table = Transcript if isinstance(record, TranscriptRecord) else Synthesis
    stages = finite(record.stages_ms)
    values: dict[str, Any] = {
        column: stages.get(column.removesuffix("_ms")) for column in table.STAGE_COLUMNS
    }
    for name, value in vars(record).items():
        values[name] = fitting(table, name, value)
    return table(**{**values, "stages_ms": stages, "created_at": ended})


def fitting(table: type[models.Model], name: str, value: Any) -> Any:
    """The value as this column of the table can hold it."""
    if isinstance(value, str):
        field: models.Field[Any, Any] = table._meta.get_field(name)  # type: ignore[assignment]
        return clean_text(value)[: field.max_length]
    if isinstance(value, float) and not math.isfinite(value):
        return 0.0
    return value


def finite(stages: dict[str, float]) -> dict[str, float]:
    """The stages as JSON can hold them."""
    return {
        clean_text(stage): round(float(value), 3)
        for stage, value in stages.items()
        if math.isfinite(value)
    }
