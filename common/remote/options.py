"""The options that all engines at another server have."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common.config.loading import demand
from common.errors import EngineFailed
from common.remote.address import openai_root

_ENDINGS = (
    "/audio/transcriptions",
    "/audio/translations",
    "/audio/speech",
    "/audio/voices",
    "/audio",
    "/models",
)


class RemoteOptions(BaseModel):
    """Where the servers are, and the limits of a request to them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        "",
        description="Address of the server's OpenAI-compatible API. `/v1` is added to an address without a path.",
    )
    urls: list[str] = Field(
        [],
        description="Several such addresses: each request goes to the one with the fewest requests, the first of these when they are equal.",
    )
    key: str = Field(
        "", repr=False, description="API key, sent as `Authorization: Bearer`."
    )
    model: str = Field(description="Model to ask for.", min_length=1)
    timeout_seconds: float = Field(
        30.0,
        gt=0,
        le=3_600,
        description="Longest wait for an answer, and for each further part of one.",
    )
    connect_timeout_seconds: float = Field(
        2.0, gt=0, le=60, description="Longest wait for a connection."
    )
    check_seconds: float = Field(
        10.0,
        gt=0,
        le=3_600,
        description="Time between two health checks of a server. A server that is down is checked earlier at first.",
    )
    max_connections: int = Field(
        64,
        ge=1,
        le=10_000,
        description="Connections to all servers together. Further requests wait up to a second, then fail with 503.",
    )
    max_response_kb: int = Field(
        1_024, ge=1, le=1_000_000, description="Largest JSON answer."
    )
    ca_file: str = Field(
        "",
        description="PEM file with the certificate authorities to trust instead of the usual ones, for `https` with a certificate of your own.",
    )
    use_proxy: bool = Field(
        default=False,
        description="Whether to use the proxy settings of the environment (`HTTPS_PROXY` and similar).",
    )
    extra: Mapping[str, Any] = Field(
        {},
        description="Further fields for each request, for servers that have more than OpenAI.",
    )

    def addresses(self, setting: str) -> list[httpx.URL]:
        """The roots of all servers, none twice. Raises EngineFailed, naming the setting."""
        given = [*([self.url] if self.url else []), *self.urls]
        if not given:
            raise EngineFailed(
                f"`{setting}` needs `url`: the address of the server, such as "
                "`http://gpu-box:8000/v1`."
            )
        name = f"{setting}.url" if self.url else f"{setting}.urls"
        return list(dict.fromkeys(openai_root(each, name, _ENDINGS) for each in given))


Options = TypeVar("Options", bound=RemoteOptions)


def read_options(
    kind: type[Options], setting: str, given: Mapping[str, Any]
) -> Options:
    """The checked options. Raises EngineFailed naming all that is wrong with them."""
    try:
        options = kind(**given)
    except ValidationError as error:
        sentences = [
            _sentence(kind, setting, problem)
            for problem in error.errors(include_url=False)
        ]
        raise EngineFailed(" ".join(sentences)) from error
    if options.ca_file and not Path(options.ca_file).expanduser().is_file():
        raise EngineFailed(
            f"`{setting}.ca_file` names {options.ca_file}, which is not a file."
        )
    return options


def _sentence(kind: type[RemoteOptions], setting: str, problem: Any) -> str:
    name = ".".join(str(each) for each in problem["loc"])
    if problem["type"] != "extra_forbidden":
        # The value is not repeated: it may be a key.
        return f"`{setting}.{name}`: {demand(problem['msg'])}."
    known = list(kind.model_fields)
    nearest = difflib.get_close_matches(name, known, n=1)
    meant = f"did you mean `{nearest[0]}`?" if nearest else f"use {', '.join(known)}."
    return f"`{setting}` has no option `{name}`: {meant}"
