"""The HTTP interface: every router, and one shape for every error."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import get_script_prefix
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Swagger
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

from common.bounded_json import read_json
from common.errors import INTERNAL, BadRequest, NotFound, TooLarge, VoiceError
from common.product import NAME, VERSION
from compat_app.deepgram.listen.api import router as deepgram_listen_router
from compat_app.deepgram.speak.api import router as deepgram_speak_router
from compat_app.openai.lists import router as openai_lists_router
from compat_app.openai.speech import router as openai_speech_router
from compat_app.openai.transcriptions.api import router as transcription_router
from compat_app.realtime.calls.api import router as calls_router
from compat_app.realtime.client_secrets import router as client_secrets_router
from gateway_app.api import router as gateway_router
from gateway_app.path_hints import nothing_at
from gateway_app.requests import scope_of
from gateway_app.responses import error_response, explain_validation
from gateway_app.services import gateway_services
from gateway_app.tokens.api import router as token_router
from tts_app.api import router as speech_router
from tts_app.conversation_api import router as conversation_router
from voiceproject.api_errors import document_errors
from voiceproject.routes.body_limits import in_words, json_limit_bytes

log = structlog.get_logger(__name__)

SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


class VoiceAPI(NinjaAPI):
    """Describes the keys, which a middleware checks before any view."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        # The addresses are below the server's, which says where it is.
        schema = super().get_openapi_schema(**{**options, "path_prefix": ""})
        document_errors(schema["paths"])
        schema["servers"] = [{"url": get_script_prefix().rstrip("/") or "/"}]
        schema["components"]["securitySchemes"] = SECURITY_SCHEMES
        # The empty alternative: without configured keys, none is required.
        schema["security"] = [{}, *({name: []} for name in SECURITY_SCHEMES)]
        return schema


class BoundedParser(Parser):
    """Parses JSON within bounds."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Raises TooLarge or BadRequest."""
        # Servers other than `manage.py serve` have one limit for all routes.
        limit_bytes = json_limit_bytes(gateway_services(scope_of(request)).config)
        if len(request.body) > limit_bytes:
            raise TooLarge(f"A JSON body may have at most {in_words(limit_bytes)}.")
        try:
            text = request.body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadRequest("The body is not UTF-8.") from error
        return read_json(text, "body")


api = VoiceAPI(
    title=NAME,
    version=VERSION,
    description="Speech in, language model, speech out. "
    "The WebSocket messages are described on the API page.",
    docs=Swagger(
        settings={
            "displayRequestDuration": True,
            "validatorUrl": None,
            # Its links would be inside buttons, which the keyboard cannot reach.
            "deepLinking": False,
        }
    ),
    docs_url="/api/docs",
    openapi_url="/api/openapi.json",
    docs_decorator=require_safe,
    parser=BoundedParser(),
    urls_namespace="api",
)
api.add_router("", gateway_router)
api.add_router("", token_router)
api.add_router("", speech_router)
api.add_router("", conversation_router)
api.add_router("", transcription_router)
api.add_router("", openai_speech_router)
api.add_router("", openai_lists_router)
api.add_router("", calls_router)
api.add_router("", client_secrets_router)
api.add_router("", deepgram_listen_router)
api.add_router("", deepgram_speak_router)


@api.exception_handler(VoiceError)
def _voice_error(request: HttpRequest, error: VoiceError) -> HttpResponse:
    return error_response(request, error)


@api.exception_handler(ValidationError)
def _bad_value(request: HttpRequest, error: ValidationError) -> HttpResponse:
    has_json = request.content_type == "application/json" and request.body
    body = api.parser.parse_body(request) if has_json else None
    return error_response(request, explain_validation(error.errors, body))


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Errors that ninja itself raises: a body that its parser cannot read."""
    if isinstance(error.__cause__, VoiceError):
        return error_response(request, error.__cause__)
    return error_response(request, BadRequest("The body is not valid JSON."))


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return error_response(request, TooLarge("The body is too large."))


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return error_response(request, NotFound(nothing_at(request.path_info)))


@api.exception_handler(Exception)
def _mistake(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("request failed", path=request.path_info, exc_info=error)
    return error_response(request, VoiceError(INTERNAL))
