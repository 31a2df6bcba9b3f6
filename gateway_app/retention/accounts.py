"""What Django itself keeps of people: accounts, sign-in sessions, the admin's log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q

from gateway_app.retention.people import Person
from gateway_app.retention.tables import CHUNK, KeptAccess, KeptRows, exported


@dataclass(frozen=True)
class KeptAccounts(KeptAccess):
    """The accounts of users."""

    def _of(self, person: Person) -> models.QuerySet[Any]:
        return self._rows.filter(pk__in=sorted(person.user_ids))


@dataclass(frozen=True)
class KeptSessions(KeptRows):
    """Browsers that are signed in. They expire by themselves."""

    def export(self, person: Person) -> Iterator[dict[str, Any]]:
        """Without the id, which would sign a reader in."""
        for session in self._of(person):
            yield {"expires": session.expire_date.isoformat()}

    def _of(self, person: Person) -> models.QuerySet[Any]:
        """Whose a session is stands in its signed data, so all are read."""
        wanted = {str(number) for number in person.user_ids}
        sessions = self._rows.iterator(chunk_size=CHUNK) if wanted else ()
        theirs = [s.pk for s in sessions if s.get_decoded().get(SESSION_KEY) in wanted]
        return self._rows.filter(pk__in=theirs)


@dataclass(frozen=True)
class KeptAdminLog(KeptRows):
    """What was changed in the admin: by an account, or an account itself.

    Forgetting keeps the entries, because they say what was done to the server. Those
    about the account lose its name.
    """

    def export(self, person: Person) -> Iterator[dict[str, Any]]:
        by_them = Q(user__in=sorted(person.user_ids))
        theirs = self._rows.filter(by_them | self._subject(person))
        return exported(theirs, self.hidden)

    def forget(self, person: Person, pseudonym: str) -> int:
        return self._of(person).update(object_repr=pseudonym, change_message="")

    def _of(self, person: Person) -> models.QuerySet[Any]:
        return self._rows.filter(self._subject(person))

    def _subject(self, person: Person) -> Q:
        accounts = ContentType.objects.db_manager(self.database).get_for_model(
            get_user_model()
        )
        numbers = [str(each) for each in sorted(person.user_ids)]
        return Q(content_type=accounts, object_id__in=numbers)
