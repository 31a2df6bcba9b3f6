"""The interface describes itself, offline."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
async def document(client):
    return (await client.get("/api/openapi.json")).json()


async def test_it_describes_every_route(document):
    assert {"/health", "/health/live", "/health/ready", "/metrics", "/voices"} <= set(
        document["paths"]
    )
    assert "post" in document["paths"]["/tts"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation.get("description"), f"{path} says nothing about itself"


async def test_it_describes_how_to_show_a_key(document):
    schemes = document["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert schemes["apiKey"]["name"] == "X-API-Key"
    assert document["components"]["schemas"]["HealthOut"]


async def test_it_loads_its_page_from_nowhere_else(client):
    page = (await client.get("/api/docs")).text
    addresses = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert "/static/ninja/swagger-ui-bundle.js" in addresses
    assert all(re.match("/(?!/)", address) for address in addresses)
    for address in addresses:
        assert (await client.get(address)).status_code in (200, 302)
    assert 'href="/api/"' in page
