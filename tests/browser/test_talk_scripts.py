"""Parts of the Talk page: how a reply is played, which of its words were heard, the choice of
the model, and what it does while the server is busy."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from chat_app.protocol.wire import AUDIO, HEADER, VERSION
from tests.browser.watching import Shown, scrolls_sideways, until, violations
from tests.server_process import RunningServer

pytestmark = [pytest.mark.browser, pytest.mark.model]

PATIENCE_MS = 30_000
VOICE = "**/ws/voice"
HOUR_SECONDS = 3600.0
RATE_HZ = 16_000


_LEVELS = """
async (steps) => {
  const rate = 24000;
  const context = new OfflineAudioContext(1, 2 * rate, rate);
  await context.audioWorklet.addModule("/static/js/worklets/playback.js");
  const node = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
  node.connect(context.destination);
  const samples = new Int16Array(2 * rate).fill(16384);
  // Messages arrive in order, and the end of an unknown reply is answered at once.
  const tell = (message) => new Promise((resolve) => {
    node.port.onmessage = ({ data }) => data.number === 99 && resolve();
    node.port.postMessage(message);
    node.port.postMessage({ type: "complete", number: 99 });
  });
  await tell({ type: "audio", number: 1, rate, samples });
  for (const { at, message } of steps) context.suspend(at).then(() => tell(message)).then(() => context.resume());
  const output = (await context.startRendering()).getChannelData(0);
  return [0.25, 0.75, 1.25, 1.75].map((at) => output[Math.round(at * rate)]);
}
"""
_HEARD = """
async ({ clauses, heard }) => {
  const { ReplyWords } = await import("/static/js/reply-words.js");
  const place = document.createElement("p");
  const words = new ReplyWords(place);
  for (const [start, text] of clauses) words.add(start, text);
  return heard.map((ms) => { words.heard(ms); return words.text; }).concat(place.textContent);
}
"""
_SMALL = """
() => [...document.querySelectorAll("button, select, textarea, label.switch, summary")]
  .filter((each) => each.checkVisibility())
  .filter((each) => each.getBoundingClientRect().height < 44)
  .map((each) => each.id || each.textContent)
"""
OFFER = """() => {
  document.getElementById("model").append(new Option("other"));
  document.getElementById("model-field").hidden = false;
}"""
"""A second model, as a server with several of them offers it."""


def test_a_reply_is_soft_after_a_sound_until_it_turns_out_to_be_nothing(
    visit: Callable[..., Page],
) -> None:
    page = visit("/")

    def levels(*steps: Any) -> list[float]:
        given = [{"at": at, "message": message} for at, message in steps]
        found: list[float] = page.evaluate(_LEVELS, given)
        return [round(level, 3) for level in found]

    soften, pause = {"type": "soften"}, {"type": "pause", "paused": True}
    assert levels() == [0.5, 0.5, 0.5, 0.5]
    assert levels((0.5, soften)) == [0.5, 0.125, 0.5, 0.5]
    go_on = {"type": "pause", "paused": False}
    paused = levels((0.3, soften), (0.5, pause), (0.8, go_on))
    assert paused == [0.5, 0.0, 0.5, 0.5]
    assert levels((0.5, soften), (1.0, {"type": "flush"}))[2:] == [0.0, 0.0]


def test_the_words_of_a_clause_are_heard_one_after_the_other(
    visit: Callable[..., Page],
) -> None:
    page = visit("/")
    clauses = [[0, "one two three four"], [1000, "five six"]]
    given = {"clauses": clauses, "heard": [0, 300, 990, 1000, 1400]}
    assert page.evaluate(_HEARD, given) == [
        "",
        "one two",
        "one two three four",
        "one two three four five",
        "one two three four five six",
        "one two three four five six",
    ]


class BusyServer:
    """`/ws/voice` of a busy server: it refuses so many connections, then accepts one."""

    def __init__(self, code: int, error: str, sentence: str) -> None:
        self.refusals = 1
        self.retry_after = 3.0
        self.attempts: list[float] = []
        """When the page tried to connect, by the monotonic clock."""
        self._code = code
        self._error = {"code": error, "message": sentence}

    def __call__(self, socket: WebSocketRoute) -> None:
        self.attempts.append(time.monotonic())
        if len(self.attempts) > self.refusals:
            socket.connect_to_server()
            return
        error = {**self._error, "retry_after": self.retry_after}
        socket.send(json.dumps({"type": "error", "error": error}))
        socket.close(code=self._code)


def write(page: Page, text: str) -> None:
    page.get_by_label("Write instead of speaking").fill(text)
    page.keyboard.press("Enter")


def test_it_waits_for_a_busy_server_and_tries_again_by_itself(
    visit: Callable[..., Page],
) -> None:
    page = visit("/talk/")
    server = BusyServer(4503, "overloaded", "No voice session is free; the limit is 8.")
    page.route_web_socket(VOICE, server)
    notice, shown = page.locator("#notice"), Shown(page, "#notice")
    write(page, "Say hello.")
    expect(notice).to_contain_text("The server is busy.")
    assert violations(page) == []
    shown.wait_for("No voice session is free; the limit is 8.")
    shown.wait_for("Trying again in 3 s.")
    shown.wait_for("Trying again in 1 s.")
    replies = page.locator("#talk-log .talk-line[data-role=assistant]")
    expect(replies).to_have_count(1, timeout=PATIENCE_MS)
    expect(notice).to_be_empty()
    first, second = server.attempts
    assert 2.9 < second - first < PATIENCE_MS / 1000


def tell(socket: WebSocketRoute, *events: dict[str, Any]) -> None:
    for event in events:
        socket.send(json.dumps(event))


class Restarting:
    """`/ws/voice` of a server that restarts: each connection ends, and the next one
    knows nothing of it."""

    def __init__(self) -> None:
        self.heard_bytes: list[int] = []
        """Audio on each connection."""
        self.events: list[list[dict[str, Any]]] = []
        """What the page sent on each connection."""
        self._connections: list[WebSocketRoute] = []

    def __call__(self, socket: WebSocketRoute) -> None:
        number = len(self._connections)
        self._connections.append(socket)
        self.heard_bytes.append(0)
        self.events.append([])

        def take(message: str | bytes) -> None:
            if isinstance(message, bytes):
                self.heard_bytes[number] += len(message)
            else:
                self.events[number].append(json.loads(message))

        socket.on_message(take)
        session = {"x.resume_token": f"token-{number}", "x.resumed": False}
        self.tell({"type": "session.created", "session": session})

    def tell(self, *events: dict[str, Any]) -> None:
        tell(self._connections[-1], *events)

    def begin_reply(self) -> None:
        response = {"id": f"r{len(self.events)}", "x.number": len(self.events)}
        self.tell({"type": "response.created", "response": response})

    def end(self) -> None:
        error = {"code": "restarting", "message": "The server is restarting."}
        self.tell({"type": "error", "error": error})
        self._connections[-1].close(code=4512)

    def asked(self, number: int) -> int:
        """How often the page has asked that connection for a reply."""
        kinds = [event["type"] for event in self.events[number]]
        return kinds.count("response.create")

    def told(self, number: int) -> list[str]:
        """The texts that the page has put into that conversation."""
        items = [event["item"] for event in self.events[number] if "item" in event]
        return [item["content"][0]["text"] for item in items]


def test_after_a_restart_the_server_hears_again_what_it_has_not_answered(
    visit: Callable[..., Page],
) -> None:
    page, server = visit("/talk/"), Restarting()
    page.route_web_socket(f"{VOICE}*", server)
    page.get_by_role("button", name="Start talking").click()
    until(page, lambda: server.heard_bytes != [] and server.heard_bytes[0] > 96_000)
    # A question that nobody has answered, perhaps cut short by the restart, and then
    # words that nobody has understood.
    buffer, question = "input_audio_buffer", "What is a"
    completed = "conversation.item.input_audio_transcription.completed"
    server.tell(
        {"type": f"{buffer}.speech_started", "item_id": "a", "audio_start_ms": 0},
        {"type": f"{buffer}.speech_stopped", "item_id": "a", "audio_end_ms": 300},
        {"type": completed, "item_id": "a", "transcript": question},
        {"type": f"{buffer}.speech_started", "item_id": "b", "audio_start_ms": 600},
    )
    said = page.locator("#talk-log .talk-line")
    expect(said).to_contain_text(question)
    server.end()
    expect(page.locator("#notice")).to_contain_text("The server is restarting.")
    # All of it, and what was said while there was no server.
    until(page, lambda: server.heard_bytes[-1] > server.heard_bytes[0] + 64_000)
    assert len(server.events) == 2
    # Heard again, it has neither to be told nor asked for.
    assert server.told(1) == []
    assert server.asked(1) == 0
    expect(said).to_have_count(0)


def test_after_a_restart_what_was_written_is_answered_unless_it_was_stopped(
    visit: Callable[..., Page],
) -> None:
    page, server = visit("/talk/"), Restarting()
    page.route_web_socket(f"{VOICE}*", server)
    write(page, "What is a bird?")
    until(page, lambda: server.events != [] and server.asked(0) == 1)
    server.end()
    until(page, lambda: len(server.events) == 2 and server.asked(1) == 1)
    assert server.told(1) == ["What is a bird?"]
    server.begin_reply()
    page.get_by_role("button", name="Stop the reply").click()
    server.end()
    until(page, lambda: len(server.events) == 3 and server.told(2) != [])
    write(page, "What is a dog?")
    until(page, lambda: len(server.told(2)) == 2 and server.asked(2) > 0)
    assert server.told(2) == ["What is a bird?", "What is a dog?"]
    assert server.asked(2) == 1


class Answering:
    """`/ws/voice` of a server whose reply arrives at once."""

    SECONDS = 30
    """Of the reply."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        """What the page sends, without audio."""

    def __call__(self, socket: WebSocketRoute) -> None:
        def take(message: str | bytes) -> None:
            event = json.loads(message)
            self.events.append(event)
            if event["type"] == "response.create":
                self._answer(socket)

        socket.on_message(take)
        session = {"x.resume_token": "token", "x.resumed": False}
        tell(socket, {"type": "session.created", "session": session})

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]

    def _answer(self, socket: WebSocketRoute) -> None:
        response = {"id": "r", "x.number": 1}
        clause = {"response_id": "r", "start_ms": 0, "text": "Well.", "rate": RATE_HZ}
        tell(
            socket,
            {"type": "response.created", "response": response},
            {"type": "response.output_item.added", "item": {"id": "said"}},
            {"type": "x.output.clause", **clause},
        )
        header = HEADER.pack(VERSION, AUDIO, 0, 1, 0)
        socket.send(header + bytes(2 * RATE_HZ * self.SECONDS))
        done = {"id": "r", "status": "completed", "output": []}
        tell(socket, {"type": "response.done", "response": done})


def test_what_was_typed_before_the_connection_gets_one_reply(
    visit: Callable[..., Page],
) -> None:
    page = visit("/talk/")
    busy = BusyServer(4503, "overloaded", "No voice session is free.")
    server = Answering()
    busy.retry_after = 60.0
    page.route_web_socket(
        VOICE, lambda socket: (busy if not busy.attempts else server)(socket)
    )
    write(page, "What is a bird?")
    expect(page.locator("#notice")).to_contain_text("The server is busy.")
    write(page, "Be brief.")
    page.get_by_role("button", name="Try now").click()
    until(page, lambda: "response.create" in server.kinds())
    said = [each for each in server.events if "item" in each]
    assert [each["item"]["content"][0]["text"] for each in said] == [
        "What is a bird?",
        "Be brief.",
    ]
    assert server.kinds().count("response.create") == 1


def test_a_key_stops_a_reply_that_has_all_arrived(visit: Callable[..., Page]) -> None:
    page, server = visit("/talk/"), Answering()
    page.route_web_socket(VOICE, server)
    write(page, "What is a bird?")
    until(page, lambda: "x.played" in server.kinds())
    page.keyboard.press("Escape")
    until(page, lambda: "response.cancel" in server.kinds())
    *_, report, cancel = server.events
    assert (report["type"], cancel["type"]) == ("x.played", "response.cancel")
    assert 0 < report["ms"] < 1_000 * server.SECONDS


def test_one_can_stop_it_from_trying_again(visit: Callable[..., Page]) -> None:
    page = visit("/talk/")
    server = BusyServer(4429, "too_many_requests", "At most 2 sessions are allowed.")
    server.refusals, server.retry_after = 10, 1.0
    page.route_web_socket(VOICE, server)
    page.get_by_role("button", name="Start talking").click()
    notice = page.locator("#notice")
    expect(notice).to_contain_text("There are too many connections from here.")
    expect(notice).to_contain_text("At most 2 sessions are allowed.")
    page.get_by_role("button", name="Stop trying").click()
    expect(notice).to_be_empty()
    expect(page.locator("#turn-words")).to_have_text("Press to talk")
    expect(page.get_by_role("button", name="Start talking")).to_be_focused()
    attempts = len(server.attempts)
    page.wait_for_timeout(1_300)
    assert len(server.attempts) == attempts
    server.retry_after = HOUR_SECONDS
    page.get_by_role("button", name="Start talking").click()
    expect(notice).to_contain_text("There are too many connections from here.")
    expect(page.get_by_role("button", name="Stop trying")).to_have_count(0)
    assert len(server.attempts) == attempts + 1


def test_every_control_is_large_enough_for_a_finger(
    browser: Browser, server: RunningServer
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(server.url + "/talk/")
    expect(page.get_by_label("Voice")).to_be_enabled()
    assert page.evaluate(_SMALL) == []
    assert not scrolls_sideways(page)
    context.close()


def test_the_chosen_model_answers_and_is_remembered(visit: Callable[..., Page]) -> None:
    page = visit("/talk/")
    expect(page.get_by_label("Language model")).to_be_hidden()
    page.evaluate(OFFER)
    sent: list[str] = []
    page.route_web_socket(VOICE, lambda socket: kept(socket, sent))
    page.get_by_label("Language model").select_option("other")
    write(page, "Say hello.")
    expect(page.locator("#notice")).to_contain_text("`model` may be")
    updates = [json.loads(each) for each in sent if "session.update" in each]
    assert updates[0]["session"]["model"] == "other"
    chosen = page.evaluate("JSON.parse(localStorage['choices-talk']).model")
    assert chosen == "other"


def kept(socket: WebSocketRoute, sent: list[str]) -> None:
    """Pass everything on, and keep what the page sends in words."""
    server = socket.connect_to_server()

    def forward(message: str | bytes) -> None:
        if isinstance(message, str):
            sent.append(message)
        server.send(message)

    socket.on_message(forward)
