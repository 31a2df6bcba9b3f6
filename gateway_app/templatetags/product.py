"""The product's name for error pages, which Django may render without a context."""

from __future__ import annotations

from django import template

from common.product import NAME

register = template.Library()


@register.simple_tag
def product_name() -> str:
    return NAME
