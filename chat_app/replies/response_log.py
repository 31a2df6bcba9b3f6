"""Numbers the responses of a conversation, and records them."""

from __future__ import annotations

import itertools

from django.utils import timezone

from chat_app.conversation.records import CallRecord, ConversationRecorder, TurnRecord
from chat_app.replies.reply import ReplyServices
from chat_app.replies.running import RunningResponse


class ResponseLog:
    """The log of one conversation, which begins now."""

    def __init__(
        self,
        recorder: ConversationRecorder,
        services: ReplyServices,
        conversation_id: str,
    ) -> None:
        self._recorder = recorder
        self._services = services
        self._conversation_id = conversation_id
        self._started_at = timezone.now()
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        """The number of the next response, from 1."""
        return next(self._numbers)

    def record(self, running: RunningResponse) -> None:
        """Record a response that has ended; again if it is truncated later."""
        if (ended := running.progress.ended) is None:
            return
        reply, caller = running.reply, self._services.caller
        finished = reply.writing.finished
        self._recorder.record(
            TurnRecord(
                conversation_id=self._conversation_id,
                number=running.progress.number,
                principal=caller.principal.id,
                client=caller.client,
                question=running.question.text,
                language=running.question.language,
                answer=ended.text,
                status=ended.status,
                reason=ended.reason,
                started_at=self._started_at,
                voice=reply.voice,
                model=finished.model if finished else self._services.llm.model_name,
                stages_ms=ended.stages_ms,
                calls=tuple(
                    CallRecord(
                        each.name, each.arguments, running.results.get(each.call_id)
                    )
                    for each in running.progress.calls
                ),
                out_of_band=ended.out_of_band,
            )
        )
