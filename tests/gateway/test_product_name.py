"""The product's name is on every page, those of errors included."""

from __future__ import annotations

import pytest
from django.template.loader import get_template

from common.product import NAME
from gateway_app.pages.context import site


@pytest.mark.parametrize("page", ["400", "401", "403", "403_csrf", "404", "500"])
def test_it_names_the_product_without_a_context(page: str) -> None:
    text = get_template(f"{page}.html").render()
    assert f" · {NAME}</title>" in text
    assert f"<span>{NAME}</span>" in text


def test_it_names_the_product_in_every_context() -> None:
    assert site(None)["product_name"] == NAME
