"""History as files: JSON unchanged, CSV without cells that a spreadsheet would run.

Source of what is escaped: https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import json
from typing import Any

from django.db.models import QuerySet
from import_export.fields import Field
from import_export.formats.base_formats import CSV, JSON
from import_export.resources import ModelResource

from gateway_app.accounts.names import names_of
from gateway_app.models import Synthesis, Transcript

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""The last four are full width: some spreadsheets treat them like the ordinary ones."""
COMMON_FIRST = ("created_at", "status")
COMMON_LAST = (
    "language",
    "model",
    "duration_seconds",
    "stages_ms",
    "error",
    "principal",
    "caller_name",
    "client",
    "request_id",
)


def defused(cell: Any) -> Any:
    """The cell, quoted if a spreadsheet would treat it as a formula."""
    if isinstance(cell, dict | list):
        return json.dumps(cell)
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell


class DefusedCsv(CSV):  # type: ignore[misc]
    """CSV that is safe to open in a spreadsheet."""

    def export_data(self, dataset: Any, **options: Any) -> Any:
        safe = type(dataset)(headers=dataset.headers)
        for row in dataset:
            safe.append([defused(cell) for cell in row])
        return super().export_data(safe, **options)


EXPORT_FORMATS = (DefusedCsv, JSON)


class CallerResource(ModelResource):  # type: ignore[misc]
    """Rows of a file with the name of the caller in a column of its own."""

    caller_name = Field(column_name="caller_name")

    def before_export(self, queryset: QuerySet[Any], **_: Any) -> None:
        callers = queryset.order_by().values_list("principal", flat=True).distinct()
        self._names = names_of(callers)

    def dehydrate_caller_name(self, row: Any) -> str:
        return self._names.get(row.principal, "")


class HistoryResource(CallerResource):
    """Columns that every kind of request has."""

    created_at = Field("created_at", "time")
    stages_ms = Field("stages_ms", "stages_ms")

    def dehydrate_stages_ms(self, row: Any) -> dict[str, float]:
        stages: dict[str, float] = row.stages_ms
        return stages

    def dehydrate_created_at(self, row: Any) -> str:
        """With its UTC offset, so that the time zone is explicit."""
        return str(row.created_at.isoformat(timespec="milliseconds"))


class TranscriptResource(HistoryResource):
    """A transcript as one line of a file."""

    class Meta:
        model = Transcript
        fields = (*COMMON_FIRST, "text", *COMMON_LAST, "session_id")
        export_order = fields


class SynthesisResource(HistoryResource):
    """A synthesis as one line of a file."""

    class Meta:
        model = Synthesis
        fields = (
            *COMMON_FIRST,
            "text_in",
            "text_out",
            "voice",
            "audio_format",
            *COMMON_LAST,
        )
        export_order = fields
