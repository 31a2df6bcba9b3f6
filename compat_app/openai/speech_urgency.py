"""How urgent a clause is: a header of our own.

Web nodes whose engine runs elsewhere send it with each clause.
"""

from __future__ import annotations

from collections.abc import Mapping

from common.errors import BadValue
from common.remote.headers import PRIORITY_HEADER
from common.workers import Priority, Urgency

PRIORITIES = {
    "first_clause": Priority.FIRST_CLAUSE,
    "later_clause": Priority.LATER_CLAUSE,
    "speculative": Priority.SPECULATIVE,
}


def urgency_of(headers: Mapping[str, str]) -> Urgency:
    """As the header says; without it, somebody waits for the audio. Raises BadValue."""
    given = headers.get(PRIORITY_HEADER, "") or "first_clause"
    priority = PRIORITIES.get(given.strip().lower())
    if priority is None:
        names = ", ".join(f"`{name}`" for name in PRIORITIES)
        raise BadValue(
            f"`{PRIORITY_HEADER}` must be one of {names}.", field=PRIORITY_HEADER
        )
    return Urgency(priority)
