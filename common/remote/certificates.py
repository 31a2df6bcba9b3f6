"""The certificates of the authorities that this machine trusts."""

from __future__ import annotations

import functools
import ssl

import httpx


@functools.cache
def trusted_certificates(*, trust_env: bool = False) -> ssl.SSLContext:
    """For the `verify` of httpx's clients. Each client would otherwise read all of them
    itself, which takes 40 ms in which the event loop does nothing else. With `trust_env`
    those that SSL_CERT_FILE or SSL_CERT_DIR names."""
    return httpx.create_ssl_context(trust_env=trust_env)
