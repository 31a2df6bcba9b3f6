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
