"""Only a proxy that the configuration names may say who the client is."""

from __future__ import annotations

import pytest

from gateway_app.access.proxies import behind_proxy, client_address


def seen(peer: str, trusted: list[str], kind: str = "http", **headers: str):
    scope = {
        "type": kind,
        "scheme": "ws" if kind == "websocket" else "http",
        "client": (peer, 1234),
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }
    return behind_proxy(scope, trusted)


@pytest.mark.parametrize(
    ("peer", "trusted", "forwarded", "client"),
    [
        ("10.0.0.1", ["10.0.0.1"], "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", ["10.0.0.0/8"], "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", ["10.0.0.0/8"], "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.1", ["10.0.0.1"], "", "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.1"], "nonsense", "10.0.0.1"),
        ("9.9.9.9", ["10.0.0.1"], "1.2.3.4", "9.9.9.9"),
        ("10.0.0.1", [], "1.2.3.4", "10.0.0.1"),
        ("::1", ["::1"], "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", ["10.0.0.1"], "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", ["::ffff:10.0.0.0/104"], "1.2.3.4", "1.2.3.4"),
        ("11.0.0.1", ["::ffff:10.0.0.0/104"], "1.2.3.4", "11.0.0.1"),
    ],
)
def test_it_believes_named_proxies_only(peer, trusted, forwarded, client):
    scope = seen(peer, trusted, **{"x-forwarded-for": forwarded})
    assert client_address(scope) == client


def test_it_reads_the_lines_of_all_proxies_as_one_list():
    lines = [b"6.6.6.6", b"1.2.3.4", b"10.0.0.2"]
    scope = {
        "type": "http",
        "client": ("10.0.0.1", 1234),
        "headers": [(b"x-forwarded-for", line) for line in lines],
    }
    assert client_address(behind_proxy(scope, ["10.0.0.0/8"])) == "1.2.3.4"


@pytest.mark.parametrize(("kind", "scheme"), [("http", "https"), ("websocket", "wss")])
def test_it_believes_a_named_proxy_about_encryption(kind, scheme):
    headers = {"x-forwarded-proto": "https"}
    assert seen("10.0.0.1", ["10.0.0.1"], kind, **headers)["scheme"] == scheme
    assert seen("9.9.9.9", ["10.0.0.1"], kind, **headers)["scheme"] != scheme


def test_it_knows_no_address_without_a_client():
    assert client_address({}) == "unknown"
