"""Lets the roles that read the history read spoken conversations too."""

from django.db import migrations

ADDED = {
    "reader": ["view"],
    "operator": ["view", "delete"],
    "administrator": ["view", "delete"],
}


def grant(apps, schema_editor):
    """A group that may not view transcripts gets nothing: somebody chose its
    permissions."""
    for name, actions in ADDED.items():
        for group in _groups(apps, schema_editor).filter(
            name=name,
            permissions__codename="view_transcript",
            permissions__content_type__app_label="gateway_app",
        ):
            group.permissions.add(
                *(_permission(apps, schema_editor, each) for each in actions)
            )


def revoke(apps, schema_editor):
    permissions = apps.get_model("auth", "Permission").objects
    added = permissions.using(schema_editor.connection.alias).filter(
        content_type__app_label="chat_app", content_type__model="conversation"
    )
    for group in _groups(apps, schema_editor).filter(name__in=ADDED):
        group.permissions.remove(*added)


def _groups(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects
    return groups.using(schema_editor.connection.alias)


def _permission(apps, schema_editor, action):
    # Django creates content types and permissions only after all migrations.
    alias = schema_editor.connection.alias
    types = apps.get_model("contenttypes", "ContentType").objects.using(alias)
    content_type, _ = types.get_or_create(app_label="chat_app", model="conversation")
    permissions = apps.get_model("auth", "Permission").objects.using(alias)
    permission, _ = permissions.get_or_create(
        content_type=content_type,
        codename=f"{action}_conversation",
        defaults={"name": f"Can {action} conversation"},
    )
    return permission


class Migration(migrations.Migration):
    dependencies = [
        ("chat_app", "0001_conversations"),
        ("gateway_app", "0008_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant, revoke)]
