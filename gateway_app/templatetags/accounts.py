"""What the sign-in page says about accounts."""

from __future__ import annotations

from django import template
from django.contrib.auth.models import User

register = template.Library()


@register.simple_tag
def no_account_yet() -> bool:
    """Whether nobody can sign in to the admin, as on a new server."""
    return not User.objects.filter(is_active=True, is_staff=True).exists()
