"""The roles reader, operator and administrator, as groups with their permissions."""

from django.db import migrations

READER = [
    ("gateway_app", "transcript", "view"),
    ("gateway_app", "synthesis", "view"),
    ("gateway_app", "usageday", "view"),
    ("tts_app", "voice", "view"),
]
OPERATOR = [
    *READER,
    ("tts_app", "voice", "change"),
    ("gateway_app", "transcript", "delete"),
    ("gateway_app", "synthesis", "delete"),
]
ADMINISTRATOR = [
    *OPERATOR,
    ("gateway_app", "auditevent", "view"),
    *(
        (app, model, action)
        for app, model in (
            ("auth", "user"),
            ("auth", "group"),
            ("gateway_app", "apikey"),
        )
        for action in ("view", "add", "change", "delete")
    ),
]
ROLES = {"reader": READER, "operator": OPERATOR, "administrator": ADMINISTRATOR}


def create_roles(apps, schema_editor):
    """A group of the same name that exists already keeps its own permissions."""
    group_model = apps.get_model("auth", "Group")
    groups = group_model.objects.using(schema_editor.connection.alias)
    for name, permissions in ROLES.items():
        group, created = groups.get_or_create(name=name)
        if created:
            group.permissions.set(
                [_permission(apps, schema_editor, *each) for each in permissions]
            )


def _permission(apps, schema_editor, app, model, action):
    # Django creates content types and permissions only after all migrations.
    alias = schema_editor.connection.alias
    types = apps.get_model("contenttypes", "ContentType").objects.using(alias)
    content_type, _ = types.get_or_create(app_label=app, model=model)
    permissions = apps.get_model("auth", "Permission").objects.using(alias)
    permission, _ = permissions.get_or_create(
        content_type=content_type,
        codename=f"{action}_{model}",
        defaults={"name": f"Can {action} {NAMES.get(model, model)}"},
    )
    return permission


NAMES = {"apikey": "API key", "usageday": "usage of a day", "auditevent": "audit event"}


def remove_roles(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects
    groups.using(schema_editor.connection.alias).filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("gateway_app", "0007_api_keys"),
        ("tts_app", "0004_conversation_principal"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_roles, remove_roles)]
