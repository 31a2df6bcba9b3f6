"""What the address of a connection says."""

from __future__ import annotations

from urllib.parse import parse_qsl

from pydantic import TypeAdapter

from common.config import Config
from common.messages import validate
from stt_app.core.session.options import Address, Options

_ADDRESS: TypeAdapter[Address] = TypeAdapter(Address)


def query_address(query: bytes) -> Address:
    """What an address asks for. Raises BadValue naming the parameter."""
    pairs = parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True)
    return validate(dict(pairs), _ADDRESS)


def with_defaults(chosen: Options, config: Config) -> Options:
    """The client's options over those of the configuration."""
    defaults = {"language": config.whisper_lang, "sample_rate": config.sample_rate}
    own = chosen.model_dump(exclude_none=True, include=set(Options.model_fields))
    return Options(**{**defaults, **own})
