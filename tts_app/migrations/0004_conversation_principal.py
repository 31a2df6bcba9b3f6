"""Conversations belong to the id of a principal instead of to the name of a caller."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import migrations, models

ANONYMOUS = "anonymous"


def name_principals(apps: Any, schema_editor: Any) -> None:
    """Rewrite owners as far as they are known.

    "user NAME" becomes the id of that user, where there is one. "key 1" was a position
    in `api_keys`, which says nothing of the key: such rows stay as they are, belong to
    nobody, and expire.
    """
    conversations = apps.get_model("tts_app", "Conversation").objects.using(
        schema_editor.connection.alias
    )
    users = apps.get_model(*settings.AUTH_USER_MODEL.split("."))
    ids = dict(
        users.objects.using(schema_editor.connection.alias).values_list(
            "username", "pk"
        )
    )
    _rename(conversations, f"{ANONYMOUS} ", ANONYMOUS)
    old = conversations.filter(principal__startswith="user ")
    for owner in sorted(set(old.values_list("principal", flat=True))):
        if (user := ids.get(owner.removeprefix("user "))) is not None:
            _rename(conversations, owner, f"user:{user}")


def _rename(conversations: Any, old: str, new: str) -> None:
    """A conversation that the new owner has begun by now stays as it is."""
    taken = conversations.filter(principal=new).values_list("conversation_id", flat=True)
    rows = conversations.filter(principal=old)
    rows.filter(conversation_id__in=list(taken)).delete()
    rows.update(principal=new)


class Migration(migrations.Migration):
    dependencies = [
        ("tts_app", "0003_voice_sha256"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint("conversation", "one_row_a_conversation"),
        migrations.RenameField("conversation", "caller", "principal"),
        migrations.AlterField(
            "conversation",
            "principal",
            models.CharField(
                blank=True,
                help_text="The id of whose conversation it is.",
                max_length=255,
            ),
        ),
        migrations.RunPython(name_principals, migrations.RunPython.noop),
        migrations.AddConstraint(
            "conversation",
            models.UniqueConstraint(
                fields=("principal", "conversation_id"), name="one_row_a_conversation"
            ),
        ),
    ]
