"""A conversation that waits for its client, and one that is over."""

from __future__ import annotations

from chat_app.services import ConversationServices
from tests.chat.services import talk_services
from tests.chat.sockets import LOST, talking


async def test_nobody_claims_a_conversation_that_is_about_to_end() -> None:
    services = talk_services(resume_seconds=30)
    async with talking(services, close_code=LOST) as lost:
        token = lost.created["x.resume_token"]
    parking = services[ConversationServices].parking
    (held,) = parking._held.values()
    parking._end_soon(held)
    assert parking.claim(token, held.principal_id) is None
    await parking.stop()
