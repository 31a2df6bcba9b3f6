"""The Listen page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.services import Services
from gateway_app.pages.views import addresses
from gateway_app.requests import scope_of
from gateway_app.services import gateway_services
from stt_app.core.engine import SttEngine
from stt_app.core.languages import LANGUAGE_TITLES
from stt_app.core.session.options import MAX_PROMPT_CHARACTERS
from stt_app.services import ListeningServices

ENGLISH_ONLY_SUFFIX = ".en"
NEVER_TRANSLATE = ("turbo", "distil")
"""In the names of Whisper models that were trained without translation."""


@require_safe
def listen(request: HttpRequest) -> HttpResponse:
    """Transcribes the microphone or files."""
    scope = scope_of(request)
    config = gateway_services(scope).config
    context = {
        "languages": LANGUAGE_TITLES,
        "usual_language": config.whisper_lang,
        "max_prompt": MAX_PROMPT_CHARACTERS,
        "store_history": config.store_history,
        "history_days": config.history_retention_days,
        "openai_api": config.openai_api,
        **_abilities(scope["state"]),
        **addresses(request),
    }
    return render(request, "listen.html", context)


def _abilities(services: Services) -> dict[str, Any]:
    """What the model cannot do; nothing in a process without one."""
    found = services.get(ListeningServices)
    if found is None:
        return {}
    return {
        "only_english": only_english(found.engine),
        "no_translation": why_no_translation(found.engine),
    }


def only_english(engine: SttEngine) -> bool:
    """Whether its model knows no other language, as far as it tells."""
    multilingual = engine.health().details.get("multilingual")
    named_so = engine.model_name.endswith(ENGLISH_ONLY_SUFFIX)
    return multilingual is False or (multilingual is None and named_so)


def why_no_translation(engine: SttEngine) -> str:
    """Why its model cannot translate, in a sentence; empty when it can."""
    name = engine.model_name
    if only_english(engine):
        return _("The model %(name)s knows only English.") % {"name": name}
    if any(each in name for each in NEVER_TRANSLATE):
        return _("The model %(name)s was not trained to translate.") % {"name": name}
    return ""
