"""Fixtures shared by all packages: the application on fakes, and the real engines."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import gc
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from channels.testing import WebsocketCommunicator
from django.db import connections
from hypothesis import settings

from common.config import LoadedConfig
from llm.factory import build_llm
from stt_app.core.whisper.engine import WhisperEngine
from tests.fake_services import FakeServices, fake_services, loaded_config
from tests.fuzz.profiles import TESTS
from tests.patient_socket import PatientSocket
from tests.runner.distribution import (  # noqa: F401 - hooks
    pytest_collection_modifyitems,
    pytest_xdist_make_scheduler,
)
from tts_app.core.piper.engine import PiperEngine
from voiceproject.asgi import build_application

# The same examples each time; `make fuzz` chooses another profile.
settings.load_profile(TESTS)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is there before the first test stays: looking it over for garbage again and
    again takes longer than many a test."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """What a test sets in context variables, such as who acts, ends with the test."""
    test = pyfuncitem.obj
    if inspect.iscoroutinefunction(test):
        return

    @functools.wraps(test)
    def alone(**arguments: Any) -> Any:
        return contextvars.copy_context().run(test, **arguments)

    pyfuncitem.obj = alone


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """Called before the test database is made."""
    connections.databases["default"]["ENGINE"] = "tests.runner.restored_sqlite"
    connections.close_all()
    del connections["default"]


@pytest.fixture
def make_services() -> Callable[..., FakeServices]:
    """Builds services on fakes; keywords that are settings change the configuration."""
    return fake_services


@pytest.fixture
def services(make_services: Callable[..., FakeServices]) -> FakeServices:
    return make_services()


@pytest.fixture
def application(services: FakeServices) -> Any:
    return build_application(services)


@pytest.fixture
async def client(
    application: Any, transactional_db: None
) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client that talks to the real application without a network."""
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        yield client


@pytest.fixture
def ws(application: Any) -> Callable[..., Any]:
    """`async with ws("/ws/stt") as socket`: a WebSocket to the real application."""

    @contextlib.asynccontextmanager
    async def connect(
        path: str, headers: list[tuple[bytes, bytes]] | None = None, **options: Any
    ) -> AsyncIterator[WebsocketCommunicator]:
        headers = [(b"host", b"localhost"), *(headers or [])]
        socket = PatientSocket(application, path, headers=headers, **options)
        connected, _ = await socket.connect()
        assert connected, f"{path} refused the connection"
        try:
            yield socket
        finally:
            await socket.disconnect()

    return connect


@pytest.fixture(scope="session")
def real_config() -> LoadedConfig:
    """The smallest real models."""
    return loaded_config(whisper_model_name="tiny.en", llm_backend="embedded")


@pytest.fixture(scope="session")
def _engine_loop() -> Iterator[Any]:
    """Real engines outlive the loop of a single test, so they start on their own."""
    import asyncio

    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def _running(engine: Any, loop: Any) -> Iterator[Any]:
    loop.run_until_complete(engine.start())
    yield engine
    loop.run_until_complete(engine.stop())


@pytest.fixture(scope="session")
def real_stt(real_config: LoadedConfig, _engine_loop: Any) -> Iterator[WhisperEngine]:
    yield from _running(
        WhisperEngine(real_config.config, real_config.config), _engine_loop
    )


@pytest.fixture(scope="session")
def real_tts(real_config: LoadedConfig, _engine_loop: Any) -> Iterator[PiperEngine]:
    yield from _running(PiperEngine(real_config.config), _engine_loop)


@pytest.fixture(scope="session")
def real_llm(real_config: LoadedConfig, _engine_loop: Any) -> Iterator[Any]:
    yield from _running(build_llm(real_config.config), _engine_loop)
