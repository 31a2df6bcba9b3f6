"""What a client sends: the recording as a file on disk, and the other fields.

Everything here reads and parses, so it runs in a thread.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from common.bounded_json import read_json
from common.errors import BadRequest, BadValue, TooLarge, VoiceError
from compat_app.openai.transcriptions.fields import (
    Fields,
    form_values,
    json_values,
    read_fields,
)
from compat_app.openai.transcriptions.long_string import (
    FIELD,
    Base64Writer,
    LongStringCutter,
)

FILE = "file"
MULTIPART = "multipart/form-data"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
_PIECE_BYTES = 64 * 1_024
_MEGABYTE = 1_000_000


class UnsupportedBody(VoiceError):
    code, http_status = "unsupported_media_type", 415


@dataclass(frozen=True)
class Upload:
    """A request that was read. Closing it deletes the recording."""

    fields: Fields
    path: Path
    file: Any

    def close(self) -> None:
        self.file.close()


class OneFileHandler(TemporaryFileUploadHandler):
    """Stores the recording on disk, and no other file."""

    def new_file(self, field_name: str, *arguments: Any, **more: Any) -> None:
        if field_name != FILE:
            raise SkipFile
        super().new_file(field_name, *arguments, **more)


def read_upload(request: HttpRequest, most_mb: int) -> Upload:
    """The form or the JSON object.

    Raises BadRequest, BadValue naming the field, TooLarge, or UnsupportedBody.
    """
    if request.content_type == JSON:
        return _read_json(request, most_mb)
    if request.content_type in (MULTIPART, FORM):
        return _read_form(request, most_mb)
    raise UnsupportedBody(f"The body must be {MULTIPART} or {JSON}.")


def _read_form(request: HttpRequest, most_mb: int) -> Upload:
    # A signed-in user's form was parsed when its CSRF token was checked.
    if not hasattr(request, "_files"):
        request.upload_handlers = [OneFileHandler(request)]
    try:
        form, files = request.POST, request.FILES
    except RequestDataTooBig as error:
        raise TooLarge("The fields besides the file are too large.") from error
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise BadRequest("The form cannot be read.") from error
    file = files.get(FILE)
    if not isinstance(file, TemporaryUploadedFile):
        raise _missing(FILE, sent_as_text=FILE in form)
    if (file.size or 0) > most_mb * _MEGABYTE:
        raise _too_large(most_mb)
    fields = read_fields(form_values(form.lists()))
    return Upload(fields, Path(file.temporary_file_path()), file)


def _read_json(request: HttpRequest, most_mb: int) -> Upload:
    file = tempfile.NamedTemporaryFile(  # noqa: SIM115 - the upload closes it
        dir=settings.FILE_UPLOAD_TEMP_DIR
    )
    try:
        body = _json_body(request, file, most_mb)
        fields = read_fields(json_values(body))
    except BaseException:
        file.close()
        raise
    return Upload(fields, Path(file.name), file)


def _json_body(request: HttpRequest, file: IO[bytes], most_mb: int) -> dict[str, Any]:
    """All but the audio, which goes into the file."""
    audio, received = Base64Writer(file), 0
    cutter = LongStringCutter(audio)
    while piece := request.read(_PIECE_BYTES):
        received += len(piece)
        if received > most_mb * _MEGABYTE:
            raise _too_large(most_mb)
        cutter.take(piece)
    body = read_json(cutter.text(), "body", takes_halves=True)
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    data = _audio_text(body.pop("input_audio", None))
    if bool(data) == cutter.cut:
        raise _missing(FIELD, sent_as_text=False)
    # What is not ASCII is not base64 either, whatever it becomes.
    audio.write(data.encode("ascii", "replace"))
    audio.end()
    return body


def _audio_text(given: Any) -> str:
    """What is left of the audio in the JSON text: all of it, if it is short."""
    data = given.get("data") if isinstance(given, dict) else None
    if not isinstance(data, str):
        raise _missing(FIELD, sent_as_text=False)
    return data


def _missing(field: str, *, sent_as_text: bool) -> BadValue:
    if sent_as_text:
        return BadValue(
            f"The field `{field}` must be an uploaded file, as with `curl -F {field}=@NAME`.",
            field=field,
        )
    return BadValue(f"The field `{field}` is missing.", field=field)


def _too_large(most_mb: int) -> TooLarge:
    return TooLarge(
        f"A recording may have at most {most_mb} MB (`upload_max_mb`).", field=FILE
    )
