"""Settings of spoken conversation."""

from __future__ import annotations

from common.config.setting import Section, setting


class ChatSettings(Section):
    """Spoken conversation with the language model: `/ws/voice`."""

    chat_max_sessions: int = setting(
        20,
        "Conversations at the same time; more are refused with 4503.",
        ge=1,
        le=10_000,
    )
    chat_idle_seconds: float = setting(
        120.0,
        "A conversation whose client sends nothing for this many seconds is closed.",
        ge=5,
        le=86_400,
    )
    chat_session_seconds: float = setting(
        3_600.0,
        "Longest conversation in seconds; the client is warned 60 seconds before the end.",
        ge=60,
        le=86_400,
    )
    chat_max_pause_seconds: float = setting(
        2.0,
        "Longest pause allowed to a speaker who seems to have more to say; four fifths of it after a word such as `and`.",
        ge=0.5,
        le=10,
    )
    chat_speculations: int = setting(
        3,
        "Replies that are prepared in the pauses of one turn, before it is certain that it has ended; 0 prepares none.",
        ge=0,
        le=10,
    )
    chat_reply_seconds: float = setting(
        30.0,
        "Time limit in seconds for the first sound of a reply.",
        ge=1,
        le=600,
    )
    chat_out_of_band_responses: int = setting(
        4,
        'Out-of-band responses of a conversation (`"conversation": "none"`) at the same time; one more is refused.',
        ge=1,
        le=100,
    )
    chat_items: int = setting(
        40,
        "Turns and replies of a conversation that are sent to the language model; earlier ones are summarised or dropped.",
        ge=2,
        le=1_000,
    )
    chat_summary_share: float = setting(
        0.6,
        "Share of the language model's context (less its answer) from which the older half of a conversation is summarised while nobody speaks; 0 never summarises.",
        ge=0,
        le=0.9,
    )
    chat_summary_tokens: int = setting(
        200,
        "Longest summary of a conversation, in tokens of the language model.",
        ge=20,
        le=2_000,
    )
    chat_summary_idle_seconds: float = setting(
        1.0,
        "Seconds in which nobody has spoken before a summary is written.",
        ge=0,
        le=60,
    )
    chat_backchannels: list[str] = setting(
        [],
        "Words that do not interrupt a reply, besides those that the server knows of English, German, French, Spanish, Italian, Portuguese and Dutch (`uh-huh`, `yeah`).",
    )
    chat_stop_words: list[str] = setting(
        [],
        "Words that interrupt a reply even when they occur in it, besides the known ones (`stop`, `wait`).",
    )
