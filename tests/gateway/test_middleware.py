"""What every HTTP request passes: ids, figures, errors, page security, CORS."""

from __future__ import annotations

import httpx
import pytest
from structlog.testing import capture_logs

from common.metrics import HTTP_REQUESTS, HTTP_SECONDS
from gateway_app.access.keys import key_principal
from gateway_app.services import GatewayServices
from tests.waiting import idle


def counted(method: str, route: str, status: str) -> float:
    labels = HTTP_REQUESTS.labels(method, route, status, "anonymous")
    return float(labels._value.get())


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abc-123", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("", False),
        ("two words", False),
        ("<script>", False),
        ("line\x0bbreak", False),
    ],
)
async def test_it_keeps_a_request_id_that_is_short_and_safe(given, kept, client):
    answer = await client.get("/health/live", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) is kept
    assert answer.headers["X-Request-ID"]


@pytest.mark.parametrize("path", ["/health/live", "/nowhere", "/admin/login/", "/tts"])
async def test_it_puts_the_id_on_every_answer(path, client):
    answer = await client.get(path, headers={"X-Request-ID": "my-id"})
    assert answer.headers["X-Request-ID"] == "my-id"


@pytest.mark.parametrize("path", ["/nowhere", "/tts"])
async def test_it_puts_the_id_into_every_error(path, client):
    answer = await client.get(path, headers={"X-Request-ID": "my-id"})
    assert answer.json()["error"]["request_id"] == "my-id"


async def test_it_logs_each_request_with_its_id(client):
    with capture_logs() as logs:
        await client.get("/nowhere", headers={"X-Request-ID": "my-id"})
        await idle()
    lines = [line for line in logs if line["event"] == "request answered"]
    assert [(line["path"], line["status"]) for line in lines] == [("/nowhere", 404)]
    assert lines[0]["request_id"] == "my-id"


async def test_it_logs_who_sent_a_request_and_from_where(client_for):
    async with client_for(api_keys=["one"]) as client:
        with capture_logs() as logs:
            await client.get("/nowhere", headers={"X-API-Key": "one"})
            await idle()
    (line,) = [line for line in logs if line["event"] == "request answered"]
    assert line["principal"] == key_principal("one").id
    assert line["client"] == "127.0.0.1"


async def test_it_counts_requests_by_the_kind_of_principal_alone(client_for):
    counter = HTTP_REQUESTS.labels("GET", "unmatched", "404", "key")._value
    before = counter.get()
    async with client_for(api_keys=["one"]) as client:
        await client.get("/nowhere", headers={"X-API-Key": "one"})
        await idle()
    assert counter.get() == before + 1
    kinds = {
        sample.labels["principal"]
        for family in HTTP_REQUESTS.collect()
        for sample in family.samples
    }
    assert kinds <= {"anonymous", "key", "user", "local"}


@pytest.mark.parametrize("filtered", [True, False])
async def test_it_leaves_health_out_of_the_log_when_told(filtered, client_for):
    async with client_for(filter_health_logs=filtered) as client:
        with capture_logs() as logs:
            await client.get("/health/live")
            await idle()
    assert any(line["event"] == "request answered" for line in logs) is not filtered


async def test_it_counts_requests_by_route_and_not_by_path(client):
    before = counted("GET", "/health/live", "200")
    strangers = counted("GET", "unmatched", "404")
    await client.get("/health/live")
    for number in range(3):
        await client.get(f"/stranger/{number}")
    await idle()
    assert counted("GET", "/health/live", "200") == before + 1
    assert counted("GET", "unmatched", "404") == strangers + 3
    routes = {
        sample.labels["route"]
        for family in HTTP_SECONDS.collect()
        for sample in family.samples
    }
    assert not any(route.startswith("/stranger") for route in routes)


async def test_it_counts_invented_methods_as_one(client):
    await client.request("BREW", "/nowhere")
    await idle()
    assert counted("other", "unmatched", "404") >= 1


async def test_it_holds_a_seat_while_a_request_runs(services, client):
    await client.get("/voices")
    await idle()
    assert services.sessions.count("http") == 0


async def test_it_turns_requests_away_while_the_server_shuts_down(services, client):
    await services.sessions.drain(0.1)
    answer = await client.get("/voices")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "restarting"
    assert answer.headers["Retry-After"]
    assert (await client.get("/health/live")).status_code == 200
    assert (await client.get("/health/ready")).status_code == 503


@pytest.mark.parametrize(
    ("accept", "path", "as_json"),
    [
        ("*/*", "/nowhere", True),
        ("text/html", "/nowhere", False),
        ("text/html", "/tts", True),
        ("text/html,*/*", "/health/nothing", False),
    ],
)
async def test_it_answers_people_with_pages_and_programs_with_json(
    accept, path, as_json, client
):
    answer = await client.get(path, headers={"Accept": accept})
    assert answer.headers["Content-Type"].startswith("application/json") is as_json


async def test_it_says_which_method_a_route_takes(client):
    answer = await client.get("/tts")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert "POST" in answer.json()["error"]["message"]


async def test_it_refuses_a_host_that_is_not_its_own(client):
    answer = await client.get("/voices", headers={"Host": "evil.example:8000"})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "bad_request"
    assert error["message"] == (
        "The host name `evil.example` is not in `allowed_hosts`."
    )


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/audio/speech", "Did you mean /v1/audio/speech?"),
        ("/v1/v1/audio/speech", "Did you mean /v1/audio/speech?"),
        ("/v1/v1/models", "Did you mean /v1/models?"),
        ("/v1/chat/completions", "this server has audio"),
        ("/ws/stt", "takes WebSocket connections"),
        ("/v1/realtime", "takes WebSocket connections"),
        ("/v1/realtime/sessions", "POST /v1/realtime/client_secrets"),
        ("/v1/realtime/transcription_sessions", "client_secrets"),
        ("/nowhere", "There is nothing at /nowhere."),
    ],
)
async def test_it_says_what_a_wrong_address_should_have_been(path, words, client):
    answer = await client.get(path)
    assert answer.status_code == 404
    assert words in answer.json()["error"]["message"]


async def test_it_hides_its_own_mistakes(make_services, client_for):
    services = make_services()
    # Something that the health page cannot bear.
    services.change(GatewayServices, health=None)
    async with client_for(services) as client:
        answer = await client.get("/health")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "NoneType" not in answer.text


def policy(answer: httpx.Response) -> dict[str, str]:
    parts = answer.headers["Content-Security-Policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


@pytest.mark.parametrize("path", ["/", "/api/docs", "/nowhere", "/health/live"])
async def test_it_runs_no_foreign_or_inline_script(path, client):
    answer = await client.get(path, headers={"Accept": "text/html"})
    assert policy(answer)["script-src"] == "'self'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert policy(answer)["frame-ancestors"] == "'none'"


async def test_it_lets_only_the_admin_compile_scripts(client):
    answer = await client.get("/admin/login/")
    assert policy(answer)["script-src"] == "'self' 'unsafe-eval'"
    assert policy(answer)["style-src"] == "'self'"
    assert policy(answer)["style-src-attr"] == "'unsafe-inline'"
    assert policy(answer)["frame-ancestors"] == "'none'"
    assert "<style" not in answer.text
    assert "<script>" not in answer.text


async def test_it_sets_the_headers_that_protect_pages(client):
    headers = (await client.get("/admin/login/")).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "microphone=(self)" in headers["Permissions-Policy"]


ELSEWHERE = "https://app.example"


@pytest.fixture
def cors(settings):
    settings.CORS_ALLOWED_ORIGINS = [ELSEWHERE]


async def preflight(client: httpx.AsyncClient, origin: str) -> httpx.Response:
    asks = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-api-key",
    }
    return await client.options("/tts", headers=asks)


async def test_it_answers_a_preflight_before_it_asks_for_a_key(cors, client_for):
    async with client_for(api_keys=["k"], cors_allowed_origins=[ELSEWHERE]) as client:
        answer = await preflight(client, ELSEWHERE)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ELSEWHERE
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"x-api-key", "authorization", "content-type"} <= set(allowed)
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_it_allows_nothing_to_other_origins(cors, client_for):
    async with client_for(cors_allowed_origins=[ELSEWHERE]) as client:
        answer = await preflight(client, "https://evil.example")
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_it_lets_an_allowed_page_read_answers_and_errors(cors, client_for):
    async with client_for(api_keys=["k"], cors_allowed_origins=[ELSEWHERE]) as client:
        for key, status in (("k", 200), ("", 401)):
            headers = {"Origin": ELSEWHERE, "X-API-Key": key}
            answer = await client.get("/voices", headers=headers)
            assert answer.status_code == status
            assert answer.headers["Access-Control-Allow-Origin"] == ELSEWHERE
            assert "X-Request-ID" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("path", ["/voices?q=%00", "/admin/auth/user/?q=a%00b"])
async def test_it_refuses_what_no_database_takes(path, client):
    answer = await client.get(path)
    assert answer.status_code == 400
    assert "null character" in answer.json()["error"]["message"]


async def test_a_probe_may_come_by_the_address_of_the_machine(client):
    headers = {"Host": "10.1.2.3:8000"}
    assert (await client.get("/health/live", headers=headers)).status_code == 200
    assert (await client.get("/health", headers=headers)).status_code == 400


async def test_no_cache_keeps_a_page_and_no_browser_guesses_a_type(client):
    for path in ("/monitor", "/configuration"):
        answer = await client.get(path, follow_redirects=True)
        assert answer.headers["Cache-Control"] == "no-store", path
    static = await client.get("/static/css/admin.css")
    assert static.status_code == 200
    assert static.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" not in static.headers.get("Cache-Control", "")


async def test_it_says_in_the_log_why_it_refused_a_request(client):
    with capture_logs() as logs:
        await client.post("/tts", json={"text": ""})
    (line,) = [line for line in logs if line["event"] == "request refused"]
    assert line["path"] == "/tts"
    assert line["code"]
    assert line["reason"]
