"""What Django itself keeps of people: accounts, sign-in sessions, the admin's log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Q

from gateway_app.retention.kept import delete_in_batches
from gateway_app.retention.people import Person
from gateway_app.retention.tables import CHUNK, exported


@dataclass(frozen=True)
class KeptAccounts:
    """The account of a user, without its password."""

    database: str = DEFAULT_DB_ALIAS
    name: str = "accounts"
    setting: str = ""
    kept_for: timedelta | None = None
    stays: str = (
        "an account gives access and is no record: delete it under Users in the admin"
    )

    def expired(self, before: datetime) -> int:
        return 0

    def prune(self, before: datetime, after_batch: Callable[[], bool]) -> int:
        return 0

    def count(self, person: Person) -> int:
        return self._of(person).count()

    def export(self, person: Person) -> Iterator[dict[str, Any]]:
        return exported(self._of(person), hidden=("password",))

    def forget(self, person: Person, pseudonym: str) -> int:
        return 0

    def _of(self, person: Person) -> models.QuerySet[Any]:
        users = get_user_model()._base_manager.using(self.database)
        return users.filter(pk__in=sorted(person.user_ids))

    @property
    def tables(self) -> tuple[type[models.Model], ...]:
        return (get_user_model(),)


@dataclass(frozen=True)
class KeptSessions:
    """Browsers that are signed in. They expire by themselves."""

    database: str = DEFAULT_DB_ALIAS
    name: str = "sign-in sessions"
    setting: str = "sign_in_days"
    kept_for: timedelta | None = timedelta(0)
    tables: tuple[type[models.Model], ...] = (Session,)
    stays: str = ""

    def expired(self, before: datetime) -> int:
        return self._older(before).count()

    def prune(self, before: datetime, after_batch: Callable[[], bool]) -> int:
        return delete_in_batches(self._older(before), after_batch)

    def count(self, person: Person) -> int:
        return len(self._of(person))

    def export(self, person: Person) -> Iterator[dict[str, Any]]:
        """Never the id, which signs in whoever has it."""
        for session in self._of(person):
            yield {"expires": session.expire_date.isoformat()}

    def forget(self, person: Person, pseudonym: str) -> int:
        keys = [session.pk for session in self._of(person)]
        return delete_in_batches(self._rows.filter(pk__in=keys))

    def _older(self, before: datetime) -> models.QuerySet[Session]:
        return self._rows.filter(expire_date__lt=before)

    def _of(self, person: Person) -> list[Session]:
        """Whose a session is stands in its signed data, so all are read."""
        wanted = {str(number) for number in person.user_ids}
        if not wanted:
            return []
        sessions = self._rows.iterator(chunk_size=CHUNK)
        return [s for s in sessions if s.get_decoded().get(SESSION_KEY) in wanted]

    @property
    def _rows(self) -> models.QuerySet[Session]:
        return Session._base_manager.using(self.database)


@dataclass(frozen=True)
class KeptAdminLog:
    """What was changed in the admin: by an account, or an account itself.

    Forgetting keeps the entries, because they say what was done to the server. Those
    about the account lose its name.
    """

    kept_for: timedelta | None
    database: str = DEFAULT_DB_ALIAS
    name: str = "entries of the admin's log"
    setting: str = "audit_retention_days"
    tables: tuple[type[models.Model], ...] = (LogEntry,)
    stays: str = ""

    def expired(self, before: datetime) -> int:
        return self._older(before).count()

    def prune(self, before: datetime, after_batch: Callable[[], bool]) -> int:
        return delete_in_batches(self._older(before), after_batch)

    def count(self, person: Person) -> int:
        return self._about(person).count()

    def export(self, person: Person) -> Iterator[dict[str, Any]]:
        by_them = Q(user__in=sorted(person.user_ids))
        theirs = self._rows.filter(by_them | self._subject(person))
        return exported(theirs, hidden=("content_type",))

    def forget(self, person: Person, pseudonym: str) -> int:
        return self._about(person).update(object_repr=pseudonym, change_message="")

    def _older(self, before: datetime) -> models.QuerySet[LogEntry]:
        return self._rows.filter(action_time__lt=before)

    def _about(self, person: Person) -> models.QuerySet[LogEntry]:
        return self._rows.filter(self._subject(person))

    def _subject(self, person: Person) -> Q:
        accounts = ContentType.objects.db_manager(self.database).get_for_model(
            get_user_model()
        )
        numbers = [str(each) for each in sorted(person.user_ids)]
        return Q(content_type=accounts, object_id__in=numbers)

    @property
    def _rows(self) -> models.QuerySet[LogEntry]:
        return LogEntry._base_manager.using(self.database)
