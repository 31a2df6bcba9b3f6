"""The one door to blocking work; see `pool`."""

from __future__ import annotations

from common.workers.backlog import Priority, Urgency
from common.workers.patience import Patience
from common.workers.pool import BatchHandler, Handler, WorkerPool

__all__ = ["BatchHandler", "Handler", "Patience", "Priority", "Urgency", "WorkerPool"]
