"""The URL parameters of `/ws/stt`."""

from __future__ import annotations

from urllib.parse import parse_qsl

from pydantic import Field, TypeAdapter

from common.messages import validate
from stt_app.core.session.options import Options
from stt_app.resume.streams import ResumePoint

LONGEST_STREAM_SECONDS = 31_536_000
"""A year: positions in samples must fit everywhere."""


class Address(Options):
    """The options in a URL, including those to resume a lost connection."""

    resume: str | None = Field(
        None,
        max_length=64,
        description="The `resume_token` of a lost connection: resume its stream.",
    )
    audio_seconds: float | None = Field(
        None,
        ge=0,
        le=LONGEST_STREAM_SECONDS,
        allow_inf_nan=False,
        description="With `resume`: where the audio that follows begins. It is the latest `ack` that arrived, or the `end` of the latest transcript.",
    )

    @property
    def options(self) -> Options:
        """The session options in it."""
        return Options(**self.model_dump(include=set(Options.model_fields)))

    @property
    def resume_point(self) -> ResumePoint | None:
        """The stream to resume, if any."""
        if not self.resume:
            return None
        return ResumePoint(self.resume, self.audio_seconds)


_ADDRESS: TypeAdapter[Address] = TypeAdapter(Address)


def query_address(query: bytes) -> Address:
    """Parse the URL parameters. Raises BadValue naming the parameter."""
    pairs = parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True)
    return validate(dict(pairs), _ADDRESS)
