"""Django's settings, all derived from the configuration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from corsheaders.defaults import default_headers

from common.config import ConfigError, load_config, project_dir
from common.logs import configure_logs
from voiceproject.cors import BROWSER_HEADERS, EXPOSED_HEADERS
from voiceproject.django_config import (
    channel_layers,
    database,
    unfold_settings,
    usable_secret_key,
)
from voiceproject.routes.body_limits import json_limit_bytes
from voiceproject.storage.folder import temporary_folder

BASE_DIR = project_dir()

try:
    VOICE = load_config()
    _config = VOICE.config
    _data_dir = BASE_DIR / Path(_config.data_dir).expanduser()
    SECRET_KEY = usable_secret_key(_config, _data_dir)
    _database = database(_config.database_url, _data_dir)
except ConfigError as error:
    # Without a traceback the reason is easier to see.
    sys.exit(f"The configuration cannot be used.\n{error}")

SECRET_KEY_FALLBACKS = _config.secret_key_fallbacks
DEBUG = False
ALLOWED_HOSTS = _config.allowed_hosts

INSTALLED_APPS = [
    # First, so that its commands override those of the same name.
    "voiceproject",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "corsheaders",
    "import_export",
    "ninja",
    "gateway_app",
    "stt_app",
    "tts_app",
    "chat_app",
]

MIDDLEWARE = [
    "gateway_app.middleware.request_context",
    # Before static files, which get its headers too.
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "gateway_app.pages.security.PageSecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "gateway_app.pages.language.page_language",
    "gateway_app.pages.loading.while_loading",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "gateway_app.middleware.access_control",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "voiceproject.urls"
ASGI_APPLICATION = "voiceproject.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ]
        },
    }
]

DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS = channel_layers(_config.redis_url)

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "home"

FORCE_SCRIPT_NAME = _config.root_path or None
# Another program on the same host may have cookies of the usual names.
SESSION_COOKIE_NAME = f"sessionid{_config.root_path.replace('/', '_')}"
SESSION_COOKIE_AGE = _config.sign_in_days * 24 * 3600
SESSION_COOKIE_PATH = f"{_config.root_path}/"
CSRF_COOKIE_NAME = f"csrftoken{_config.root_path.replace('/', '_')}"
CSRF_COOKIE_PATH = f"{_config.root_path}/"

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
]
LANGUAGE_COOKIE_NAME = "voice_language"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = f"{_config.root_path}/static/"
STATIC_ROOT = _data_dir / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_ALLOW_ALL_ORIGINS = False

CORS_ALLOWED_ORIGINS = _config.cors_allowed_origins
CORS_ALLOW_HEADERS = (*default_headers, *BROWSER_HEADERS)
CORS_EXPOSE_HEADERS = EXPOSED_HEADERS
# A page on the internet may use a server on the visitor's own network, if it is allowed.
CORS_ALLOW_PRIVATE_NETWORK = True

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = _config.https_only
# Balancers ask for the health without TLS.
SECURE_REDIRECT_EXEMPT = [r"(^|/)health(/|$)"]
SECURE_HSTS_SECONDS = _config.hsts_seconds if _config.https_only else 0
# Both are about the whole domain, which is not this server's to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = _config.is_production
CSRF_COOKIE_SECURE = _config.is_production
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
    }
}

# Forms are unescaped without a pause, so theirs is the limit of JSON.
DATA_UPLOAD_MAX_MEMORY_SIZE = json_limit_bytes(_config)
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_TEMP_DIR = temporary_folder(_data_dir)
# Always on disk, so that every upload has a path for other processes.
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

LOGGING_CONFIG = None
configure_logs(_config)
UNFOLD = unfold_settings(_config.root_path)
