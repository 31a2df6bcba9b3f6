"""Parked conversations that have ended."""

from __future__ import annotations

from chat_app.services import ConversationServices
from gateway_app.access.principals import ANONYMOUS
from gateway_app.retention.people import Person
from tests.chat.services import talk_services
from tests.chat.sockets import LOST, talking


async def test_a_forgotten_conversation_cannot_be_claimed() -> None:
    services = talk_services(resume_seconds=30)
    async with talking(services, close_code=LOST) as lost:
        token = lost.created["x.resume_token"]
    parking = services[ConversationServices].parking
    parking.forget(Person(frozenset([ANONYMOUS.id])))
    assert parking.claim(token, ANONYMOUS.id) is None
    await parking.stop()


async def test_one_too_many_ends_the_one_that_was_lost_first() -> None:
    services = talk_services(chat_max_sessions=2, resume_seconds=30)
    tokens = []
    async with talking(services, close_code=LOST) as begun_first:
        for _ in range(2):
            async with talking(services, close_code=LOST) as lost:
                tokens.append(lost.created["x.resume_token"])
    tokens.append(begun_first.created["x.resume_token"])
    parking = services[ConversationServices].parking
    claimed = [parking.claim(token, ANONYMOUS.id) for token in tokens]
    assert [each is not None for each in claimed] == [False, True, True]
    for each in filter(None, claimed):
        await parking.end(each)
    await parking.stop()
