"""Settings of what one caller and one address may use."""

from __future__ import annotations

from common.config.setting import Section, setting


class QuotaSettings(Section):
    """What each caller and each address may use; 0 means no limit. A day is one in UTC."""

    principal_requests_per_minute: int = setting(
        0,
        "HTTP requests and new WebSockets of one API key, user or (without keys) address per minute; further ones get 429 or 4429.",
        ge=0,
    )
    principal_max_sessions: int = setting(
        0,
        "WebSockets and Wyoming connections that one API key, user or (without keys) address may have open; more are refused with 4429.",
        ge=0,
    )
    principal_audio_in_seconds_per_day: int = setting(
        0,
        "Seconds of audio that one API key, user or (without keys) address may send for transcription in a day.",
        ge=0,
    )
    principal_audio_out_seconds_per_day: int = setting(
        0,
        "Seconds of speech that one API key, user or (without keys) address may have synthesised in a day.",
        ge=0,
    )
    principal_llm_tokens_per_day: int = setting(
        0,
        "Tokens that language models may read and write for one API key, user or (without keys) address in a day.",
        ge=0,
    )
    address_requests_per_minute: int = setting(
        0,
        "HTTP requests and new WebSockets from one address (IPv6: one /64) per minute, whatever keys they show.",
        ge=0,
    )
    address_max_sessions: int = setting(
        0,
        "WebSockets and Wyoming connections that one address may have open, whatever keys they show.",
        ge=0,
    )
    address_audio_in_seconds_per_day: int = setting(
        0,
        "Seconds of audio that one address may send for transcription in a day, whatever keys it shows.",
        ge=0,
    )
    address_audio_out_seconds_per_day: int = setting(
        0,
        "Seconds of speech that one address may have synthesised in a day, whatever keys it shows.",
        ge=0,
    )
    address_llm_tokens_per_day: int = setting(
        0,
        "Tokens that language models may read and write for one address in a day, whatever keys it shows.",
        ge=0,
    )
