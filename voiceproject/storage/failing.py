"""Failures of the commands about data, as sentences for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import DatabaseError

from common.errors import VoiceError
from gateway_app.retention.people import NobodyFound
from voiceproject.storage.archive import BadArchive
from voiceproject.storage.copying import DamagedDatabase
from voiceproject.storage.restore import CannotRestore

UNMIGRATED = ("no such table", "does not exist")


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Raises CommandError that begins with what did not happen, such as `No backup`."""
    try:
        yield
    except (NobodyFound, BadArchive, CannotRestore) as error:
        raise CommandError(f"{what}: {error}") from error
    except VoiceError as error:
        raise CommandError(f"{what}: {error.message}") from error
    except DamagedDatabase as error:
        raise CommandError(f"{what}: the database is damaged: {error}.") from error
    except DatabaseError as error:
        raise CommandError(f"{what}: {_reason(error)}") from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise CommandError(f"{what}: {where}{error.strerror or error}.") from error


def _reason(error: DatabaseError) -> str:
    reason = str(error).strip().splitlines()[0]
    if any(words in reason for words in UNMIGRATED):
        return "the database is not migrated to this version: run `manage.py migrate` first."
    return f"the database fails: {reason}."
