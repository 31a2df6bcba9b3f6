"""Spoken conversation as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat_app"
    verbose_name = "Conversation"
