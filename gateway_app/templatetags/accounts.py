"""What the sign-in page says about accounts."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from django import template
from django.contrib.auth.models import User

from common.config import project_dir
from gateway_app.access.principals import Role

register = template.Library()


@register.simple_tag
def no_account_yet() -> bool:
    """Whether nobody can sign in to the admin, as on a new server."""
    return not User.objects.filter(is_active=True, is_staff=True).exists()


@register.simple_tag
def first_account_command() -> str:
    """The command that makes an administrator, to copy into a terminal that is in the
    project's folder."""
    python = Path(sys.executable)
    if python.is_relative_to(project_dir()):
        python = python.relative_to(project_dir())
    role = Role.ADMINISTRATOR.value
    return f"{shlex.quote(str(python))} manage.py users create admin --role {role}"
