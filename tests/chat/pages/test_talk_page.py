"""The Talk page: which language models and languages it offers."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from common.engine import EngineStats
from tests.fake_services import FakeServices
from tests.fakes import FakeLlm


class SeveralModels(FakeLlm):
    def stats(self) -> EngineStats:
        return EngineStats(offers=("fake-llm", "fake-llm:latest", "small", "gone"))

    def offers(self, model: str) -> bool:
        return model != "gone"


@pytest.fixture
def services(
    request: pytest.FixtureRequest, make_services: Callable[..., FakeServices]
) -> FakeServices:
    return make_services(llm=SeveralModels(), llm_models=request.param)


@pytest.mark.parametrize(
    ("services", "names"),
    [
        ([], ["fake-llm"]),
        (["large"], ["fake-llm", "large"]),
        (["gone", "large:latest", "large"], ["fake-llm", "large:latest"]),
        (["*"], ["fake-llm", "small"]),
    ],
    indirect=["services"],
)
async def test_it_offers_the_models_that_are_allowed_and_answer(
    client: httpx.AsyncClient, names: list[str]
) -> None:
    page = (await client.get("/talk/")).text
    field = page.split('id="model-field"')[1].split("</select>")[0]
    assert [field.count(f">{name}</option>") for name in names] == [1] * len(names)
    assert field.count("<option") == len(names)
    assert field.startswith(" hidden>") == (len(names) == 1)


@pytest.mark.parametrize("services", [[]], indirect=True)
@pytest.mark.parametrize("path", ["/talk/", "/listen/"])
async def test_it_names_the_languages_for_browsers_that_cannot(
    client: httpx.AsyncClient, path: str
) -> None:
    page = (await client.get(path)).text
    assert '<option value="yue">Cantonese</option>' in page
    assert '<option value="ht">Haitian Creole</option>' in page
