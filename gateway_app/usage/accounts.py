"""What services report of a caller's use, and what they ask before they begin."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from gateway_app.access.principals import Principal
from gateway_app.access.quotas import Allowance


class Resource(StrEnum):
    """What is counted for each caller and day, by the names of the columns."""

    REQUESTS = "requests"
    """HTTP requests, and sockets that were opened."""
    ERRORS = "errors"
    """Errors that were sent to it."""
    SESSIONS = "sessions"
    AUDIO_IN = "audio_in_seconds"
    AUDIO_OUT = "audio_out_seconds"
    LLM_IN = "llm_tokens_in"
    LLM_OUT = "llm_tokens_out"


class Quota(StrEnum):
    """What a day allows only so much of."""

    AUDIO_IN = "audio_in"
    AUDIO_OUT = "audio_out"
    LLM_TOKENS = "llm_tokens"


class Account(Protocol):
    """The use of one caller."""

    def spend(self, resource: Resource, amount: float = 1) -> None:
        """Count it; a negative amount takes back what this account has counted on the
        same day. Returns at once and never raises."""

    def check(self, quota: Quota) -> None:
        """Raises QuotaExceeded if nothing is left, as far as this process knows."""

    async def admit(self, quota: Quota, amount: float = 0) -> None:
        """Raises QuotaExceeded if nothing is left, or less than this amount, after
        asking what other processes know."""

    async def allowance(self, quota: Quota) -> Allowance | None:
        """What is left of the day's quota; None without a limit."""


class Accounts(Protocol):
    """Gives each caller its account."""

    def account(self, principal: Principal, client: str) -> Account:
        """That of this principal at this address."""


class Unmetered:
    """Counts nothing and allows everything: for the command line."""

    def account(self, principal: Principal, client: str) -> Account:
        """The same one for everybody."""
        return self

    def spend(self, resource: Resource, amount: float = 1) -> None:
        """Discard it."""

    def check(self, quota: Quota) -> None:
        """Allow it."""

    async def admit(self, quota: Quota, amount: float = 0) -> None:
        """Allow it."""

    async def allowance(self, quota: Quota) -> Allowance | None:
        """There is no limit."""


UNMETERED = Unmetered()
