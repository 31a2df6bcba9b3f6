"""Builds the access control: keys, accounts, and the record of refused callers."""

from __future__ import annotations

from dataclasses import dataclass

from common.config import Config
from gateway_app.access.authentication import AccessControl
from gateway_app.access.counters import Counters
from gateway_app.access.keys import KeySource
from gateway_app.accounts.guard import AccountGuard
from gateway_app.audit.failures import FailureLog
from gateway_app.keys.directory import DatabaseKeys
from gateway_app.sockets.sessions import SessionRegistry
from voiceproject.lifecycle import Managed
from voiceproject.routes.table import ROUTES


@dataclass(frozen=True)
class Admission:
    """The access control of a process, and what it depends on."""

    access: AccessControl
    stored_keys: DatabaseKeys
    accounts: AccountGuard
    failures: FailureLog

    def managed(self) -> list[Managed]:
        """What is started and stopped with the server."""
        return [
            Managed("keys", self.stored_keys.start, self.stored_keys.stop),
            Managed("accounts", self.accounts.start, self.accounts.stop),
            Managed("audit", stop=self.failures.stop, stops_last=True),
        ]


def build_admission(
    config: Config,
    counters: Counters,
    sessions: SessionRegistry,
    keys: KeySource | None,
) -> Admission:
    """With `keys` in place of those of the database."""
    failures, stored_keys = FailureLog(), DatabaseKeys(sessions)
    access = AccessControl(
        config, counters, [keys or stored_keys], listener=failures, routes=ROUTES
    )
    return Admission(access, stored_keys, AccountGuard(sessions), failures)
