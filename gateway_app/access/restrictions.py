"""Where a key may be used from."""

from __future__ import annotations

from common.errors import Forbidden
from gateway_app.access.origins import is_one_of
from gateway_app.access.principals import Principal
from gateway_app.access.proxies import is_within


def check_restrictions(principal: Principal, address: str, origin: str) -> None:
    """Raises Forbidden if this key may not be used from here. Whoever reads that has the
    key itself, so the message may say what is wrong."""
    # A token is for a page whose visitor has another address than the key's owner.
    is_bound = principal.networks and not principal.by_token
    if is_bound and not is_within(address, principal.networks):
        raise Forbidden(f"This API key may not be used from the address {address}.")
    if principal.origins and not is_one_of(origin, principal.origins):
        raise Forbidden(
            "This API key may only be used by pages of its allowed origins; "
            "the header `Origin` names another one, or is missing."
        )
