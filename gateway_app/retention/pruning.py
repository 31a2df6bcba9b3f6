"""Deletes what is older than its retention."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from gateway_app.retention.erasure import truncate_write_ahead_log
from gateway_app.retention.kept import Kept, go_on


def prune(
    kinds: Iterable[Kept],
    *,
    dry_run: bool = False,
    days: int | None = None,
    database: str = DEFAULT_DB_ALIAS,
    after_batch: Callable[[], bool] = go_on,
) -> dict[str, int]:
    """Delete what is older than each kind's retention, or than `days`; how many, by
    name. Kinds that are kept are absent.

    `after_batch` is called after each batch and says whether to go on.
    """
    now, counts = timezone.now(), {}
    for kind in kinds:
        kept_for = kind.kept_for if days is None else timedelta(days=days)
        if kept_for is None:
            continue
        before = now - kept_for
        if dry_run:
            counts[kind.name] = kind.expired(before)
        else:
            counts[kind.name] = kind.prune(before, after_batch)
    if sum(counts.values()) and not dry_run:
        truncate_write_ahead_log(database)
    return counts
