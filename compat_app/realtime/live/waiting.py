"""Texts and responses of the client that wait until nobody speaks."""

from __future__ import annotations

from collections import deque

from chat_app.replies.request import ResponseRequest
from chat_app.session.session import ConversationSession
from common.errors import BadRequest
from compat_app.realtime.live.backend import ASKED, COMMENTARY
from compat_app.realtime.shared.errors import Refused

MOST_COMMENTARY = 32
"""Texts of one client that wait to be spoken."""


class Waiting:
    """Texts of the client one after another, then the response that it has asked for."""

    def __init__(self, talk: ConversationSession) -> None:
        self._talk = talk
        self.user_speaks = False
        self._commentary: deque[str] = deque()
        self._wants_reply = False

    def say(self, text: str) -> None:
        """Speak it when its turn comes. Raises Refused while too many wait."""
        if len(self._commentary) >= MOST_COMMENTARY:
            raise Refused(
                f"{MOST_COMMENTARY} texts wait to be spoken; send this one later.",
                code="too_many_requests",
            )
        self._commentary.append(text)
        self.go_on()

    def reply(self) -> None:
        """Have the language model answer when nobody speaks."""
        self._wants_reply = True
        self.go_on()

    def reply_began(self) -> None:
        """It answers, for whatever reason."""
        self._wants_reply = False

    def interrupted(self) -> None:
        """Drop the texts that were to follow the reply."""
        self._commentary.clear()

    def go_on(self) -> None:
        """Speak what waits, if nobody speaks."""
        if self._commentary:
            says = self._commentary[0]
            if self.ask(ResponseRequest(says=says, metadata=COMMENTARY)):
                self._commentary.popleft()
        elif self._wants_reply:
            self.ask(ResponseRequest(metadata=ASKED))

    def ask(self, request: ResponseRequest) -> bool:
        """Returns whether nobody speaks, so that the response begins."""
        if self.user_speaks:
            return False
        try:
            self._talk.ask_reply(request)
        except BadRequest:  # there is a response already
            return False
        return True
