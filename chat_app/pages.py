"""The Talk page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from chat_app.protocol.parts import LONGEST_TEXT
from chat_app.services import ConversationServices
from gateway_app.pages.views import addresses
from gateway_app.requests import scope_of
from gateway_app.services import gateway_services
from stt_app.core.languages import LANGUAGE_TITLES
from stt_app.pages import only_english
from stt_app.services import ListeningServices


@require_safe
@ensure_csrf_cookie
def talk(request: HttpRequest) -> HttpResponse:
    """A spoken conversation with the language model."""
    scope = scope_of(request)
    services, config = scope["state"], gateway_services(scope).config
    listening = services.get(ListeningServices)
    conversations = services.get(ConversationServices)
    kept = config.conversations_kept
    context = {
        "has_talk": conversations is not None,
        "has_llm": config.llm_backend != "none",
        "models": conversations.conversations.models() if conversations else [],
        "languages": LANGUAGE_TITLES,
        "usual_language": config.whisper_lang,
        "only_english": listening is not None and only_english(listening.engine),
        "longest_text": LONGEST_TEXT,
        "kept_items": config.chat_items,
        "store_history": config.store_history,
        "conversation_days": kept.days if kept else None,
        **addresses(request),
    }
    return render(request, "talk.html", context)
