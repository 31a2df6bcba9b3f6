"""Runs blocking work in worker processes; see `pool`."""

from __future__ import annotations

from common.workers.backlog import Priority, Urgency
from common.workers.pool import BatchHandler, Handler, WorkerPool

__all__ = ["BatchHandler", "Handler", "Priority", "Urgency", "WorkerPool"]
