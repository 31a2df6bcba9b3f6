"""Keys in the admin: the secret is shown once, and each step is recorded."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from gateway_app.keys.models import ApiKey
from gateway_app.keys.store import create_key
from gateway_app.models import AuditEvent

pytestmark = pytest.mark.usefixtures("db")
ADD = "/admin/gateway_app/apikey/add/"
FIELDS = {"name": "shop", "scopes": ["tts"], "origins": "https://shop.example\n"}


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def secret_in(text: str) -> str:
    (secret,) = re.findall(r'id="new-secret">(\w+)<', text)
    return str(secret)


def test_a_key_is_made_rotated_and_revoked_on_its_pages(browser: Client) -> None:
    made = browser.post(ADD, FIELDS)
    first = secret_in(made.content.decode())
    key = ApiKey.objects.get()
    assert (key.scopes, key.origins) == (["tts"], ["https://shop.example"])
    page = reverse("admin:gateway_app_apikey_secret_page", args=[key.pk])
    shown = browser.get(page).content.decode()
    assert first[:16] in shown and first not in shown
    assert secret_in(browser.post(page).content.decode()) != first
    refused = browser.post(page, follow=True).content.decode()
    assert "already has 2 secrets" in refused
    browser.post(page, {"revoke": first[:16]})
    assert key.live_secrets.count() == 1
    listed = "/admin/gateway_app/apikey/"
    browser.post(listed, {"action": "revoke", "_selected_action": [key.pk]})
    assert "revoked" in browser.get(listed).content.decode()
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-4:] == ["created", "rotated", "revoked", "revoked"]


def test_it_says_which_field_is_wrong(browser: Client) -> None:
    wrong = {**FIELDS, "origins": "shop.example", "addresses": "here"}
    assert "is not an origin" in browser.post(ADD, wrong).content.decode()
    assert not ApiKey.objects.exists()


def test_nobody_gives_a_scope_that_they_do_not_have(browser: Client) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    permissions = Permission.objects.filter(content_type__model="apikey")
    clerk.user_permissions.set(permissions)
    browser.force_login(clerk)
    assert browser.post(ADD, {**FIELDS, "scopes": ["admin"]}).status_code == 403
    assert not ApiKey.objects.exists()
    key, _ = create_key("local", "boss", ["admin"])
    page = reverse("admin:gateway_app_apikey_secret_page", args=[key.pk])
    assert browser.post(page).status_code == 403
    assert key.live_secrets.count() == 1
    change = reverse("admin:gateway_app_apikey_change", args=[key.pk])
    freed = {**FIELDS, "name": "boss", "scopes": ["admin"], "addresses": ""}
    assert browser.post(change, freed).status_code == 403


def test_its_form_says_what_the_words_mean(browser: Client) -> None:
    page = browser.get(ADD).content.decode()
    assert "stt: speech to text" in page
    assert "such as <code>https://app.example</code>, one a line" in page
    assert "`" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    event = AuditEvent.objects.create(actor="local", action="created", subject="x")
    shown = browser.get(f"/admin/gateway_app/auditevent/{event.pk}/change/")
    assert "such as <code>voice:NAME</code>" in shown.content.decode()
