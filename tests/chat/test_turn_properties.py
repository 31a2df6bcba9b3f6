"""What holds in every conversation, played with random speech and slow engines."""

from __future__ import annotations

import random

import pytest

from chat_app.core import actions as do
from chat_app.core.events import Key
from chat_app.core.states import Input, Output
from chat_app.core.timing import TurnSettings
from tests.chat.simulator import Engines, Said, Simulator

TEXTS = (
    *("", "", "uh-huh", "stop", "what time is it", "and", "tell me about Rome"),
    *("it is long enough to be interrupted", "um", "wait a moment please"),
)


def random_conversation(seed: int) -> Simulator:
    """Up to eight stretches of sound in 20 s, some of them close to each other."""
    chance = random.Random(seed)
    engines = Engines(
        transcribe=chance.choice([0.05, 0.3, 2.0]),
        interim=chance.choice([0.1, 0.6, 5.0]),
        reply=chance.choice([0.05, 0.4, 3.0]),
        reply_seconds=chance.uniform(0.5, 6.0),
        probability=chance.choice([None, 0.05, 0.3, 0.9]),
        fails=chance.random() < 0.1,
    )
    settings = TurnSettings(
        interrupts=chance.random() < 0.8, half_duplex=chance.random() < 0.2
    )
    script, at = [], 0.5
    for _ in range(chance.randint(1, 8)):
        at += chance.uniform(0.05, 3.0)
        said = Said(at, chance.uniform(0.04, 2.0), chance.choice(TEXTS))
        script.append(said)
        at += said.seconds
    echoes = chance.choice([0.0, 0.0, 0.5, 0.9])
    played = Simulator(
        engines,
        settings,
        asks_model=chance.random() < 0.5,
        hears_itself=lambda: chance.random() < echoes,
    )
    # Long enough for the slowest engines after the last word.
    return played.play(*script, until=at + 25.0)


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_it_keeps_its_promises(first: int) -> None:
    for seed in range(first, first + 50):
        played = random_conversation(seed)
        try:
            check(played)
        except AssertionError as error:
            raise AssertionError(f"in conversation {seed}") from error


def check(played: Simulator) -> None:
    released: dict[int, Key] = {}
    """The reply of each turn that was released and not cancelled."""
    committed: set[int] = set()
    speculations: dict[int, int] = {}
    held: set[Key] = set()
    stopped: set[int] = set()
    """Turns whose speech was told to have stopped since it was told to have started."""
    paused = False
    for _, action in played.log:
        match action:
            case do.StartReply():
                if played.engines.fails:
                    held.clear()
                assert not held, "a reply is prepared while another one is"
                held.add(action.key)
                if action.speculative:
                    turn = action.key.turn
                    speculations[turn] = speculations.get(turn, 0) + 1
                    assert speculations[turn] <= 3
                else:
                    assert action.key.turn in committed
            case do.DropReply():
                held.discard(action.key)
            case do.TellSpeechStarted():
                stopped.discard(action.turn)
            case do.TellSpeechStopped():
                stopped.add(action.turn)
            case do.CommitTurn():
                assert action.text
                assert action.key.turn in stopped, "a commit of speech that goes on"
                stopped.remove(action.key.turn)
                committed.add(action.key.turn)
            case do.ReleaseReply():
                assert action.key.turn in committed, "a reply left before the commit"
                assert action.key.turn not in released, "two replies to a turn"
                held.discard(action.key)
                released[action.key.turn] = action.key
            case do.CancelReply():
                assert released.pop(action.key.turn) == action.key
                paused = False
            case do.ReopenTurn():
                committed.remove(action.turn)
            case do.PauseOutput():
                assert not paused
                paused = True
            case do.ResumeOutput():
                assert paused
                paused = False
    assert played.engines.fails or not held, "a prepared reply was forgotten"
    assert not paused, "the output stayed paused"
    machine = played.machine
    assert (machine.input, machine.output) == (Input.QUIET, Output.IDLE)
    assert machine.turn is None
    assert machine.reply is None
    assert {each.state for each in played.replies} <= {
        *("played", "dropped", "cancelled"),
        *(("released", "held") if played.engines.fails else ()),
    }
