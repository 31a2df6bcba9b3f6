"""Text-to-speech as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class TtsConfig(AppConfig):
    name = "tts_app"
    verbose_name = "Speech"
