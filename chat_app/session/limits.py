"""The limits of one conversation."""

from __future__ import annotations

from dataclasses import dataclass

from chat_app.replies.out_of_band import OutOfBandLimits
from chat_app.session.summary import SummaryLimits, limits_for
from common.config import Config
from llm.engine import LlmEngine
from llm.servers.context import ASSUMED_CONTEXT_TOKENS


@dataclass(frozen=True)
class ConversationLimits:
    """What a conversation may hold, and do at once."""

    items: int
    """How many of the newest items the language model is sent."""
    out_of_band: OutOfBandLimits
    summaries: SummaryLimits


def conversation_limits(config: Config, llm: LlmEngine) -> ConversationLimits:
    """The configured limits; those of summaries depend on the model's context."""
    context_tokens = config.llm_context_tokens or ASSUMED_CONTEXT_TOKENS
    if llm.backend == "embedded":
        context_tokens = config.embedded_llm_context_tokens
    return ConversationLimits(
        config.chat_items,
        OutOfBandLimits(config.chat_out_of_band_responses, config.chat_reply_seconds),
        limits_for(
            context_tokens,
            config.llm_max_tokens,
            share=config.chat_summary_share,
            summary_tokens=config.chat_summary_tokens,
            idle_seconds=config.chat_summary_idle_seconds,
        ),
    )
