"""Lists show the name of a caller beside the id, and find by it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat_app.models import Conversation
from gateway_app.accounts.names import names_of, principals_named_like
from gateway_app.keys.models import ApiKey
from gateway_app.models import Synthesis, Transcript
from gateway_app.usage.models import UsageDay

NOW = datetime.now(UTC)
LISTS: dict[str, tuple[type[Model], dict[str, Any]]] = {
    "gateway_app/transcript": (Transcript, {}),
    "gateway_app/synthesis": (Synthesis, {}),
    "gateway_app/usageday": (UsageDay, {"day": NOW.date()}),
    "chat_app/conversation": (Conversation, {"created_at": NOW, "ended_at": NOW}),
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def key() -> ApiKey:
    return ApiKey.objects.create(name="Phone of Ada", scopes=["stt"])


def test_it_knows_keys_and_accounts(key: ApiKey) -> None:
    ada = User.objects.create_user("ada")
    asked = [key.principal, f"user:{ada.pk}", "user:999", "key:gone", "anonymous", ""]
    assert names_of(asked) == {key.principal: "Phone of Ada", f"user:{ada.pk}": "ada"}
    assert principals_named_like("ADA") == [key.principal, f"user:{ada.pk}"]


@pytest.mark.parametrize("address", LISTS)
def test_a_list_shows_and_finds_the_name(
    address: str, root: Client, key: ApiKey
) -> None:
    model, values = LISTS[address]
    row = model._default_manager.create(principal=key.principal, **values)
    model._default_manager.create(
        **{**values, "principal": "key:gone"}, **_other(model)
    )
    shown = f"Phone of Ada ({key.principal})"
    page = root.get(f"/admin/{address}/")
    # In the row and among the choices of the filter.
    assert page.content.decode().count(shown) >= 2
    assert "key:gone" in page.content.decode()
    found = root.get(f"/admin/{address}/", {"q": "of ada"})
    assert [each.pk for each in found.context["cl"].result_list] == [row.pk]
    answer = root.post(f"/admin/{address}/export/", {"format": 0, "resource": 0})
    lines = csv.DictReader(io.StringIO(answer.content.decode()))
    named = {line["principal"]: line["caller_name"] for line in lines}
    assert named == {key.principal: "Phone of Ada", "key:gone": ""}


def _other(model: type[Model]) -> dict[str, str]:
    return {"conversation_id": "other"} if model is Conversation else {}


def test_a_page_of_one_request_shows_the_name(root: Client, key: ApiKey) -> None:
    row = Transcript.objects.create(principal=key.principal)
    page = root.get(f"/admin/gateway_app/transcript/{row.pk}/change/")
    assert f"Phone of Ada ({key.principal})" in page.content.decode()


def test_the_names_of_a_page_cost_no_query_for_each_row(root: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert root.get("/admin/gateway_app/transcript/").status_code == 200
        return len(asked)

    for number in range(2):
        key = ApiKey.objects.create(name=f"first {number}", scopes=["stt"])
        Transcript.objects.create(principal=key.principal)
    few = queries()
    for number in range(20):
        key = ApiKey.objects.create(name=f"more {number}", scopes=["stt"])
        Transcript.objects.create(principal=key.principal)
    assert queries() == few
