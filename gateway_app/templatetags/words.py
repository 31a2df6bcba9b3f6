"""Filters for sentences."""

from __future__ import annotations

import re

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def with_code(sentence: str) -> SafeString:
    """The sentence, with text in backticks set as code."""
    escaped = conditional_escape(sentence)
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)
    return mark_safe(marked)  # noqa: S308 - escaped above
