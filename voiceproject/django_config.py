"""The longer pieces of Django's settings, as functions of the configuration."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path
from typing import Any

import environ
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse, reverse_lazy
from django.utils.functional import lazy
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from common.config import Config, ConfigError
from common.config.production import problems
from common.product import NAME

SQLITE_OPTIONS = {
    # With the default DEFERRED, concurrent read-then-write transactions fail.
    "transaction_mode": "IMMEDIATE",
    "timeout": 5,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        # Pruned history must not stay readable in the file.
        "PRAGMA secure_delete=ON; PRAGMA journal_size_limit=67108864;"
    ),
}

CONNECT_TIMEOUT_SECONDS = 5
DATABASES = frozenset(("django.db.backends.sqlite3", "django.db.backends.postgresql"))


def usable_secret_key(config: Config, data_dir: Path) -> str:
    """The configured key; outside production a generated one, stored for later starts.
    Raises ConfigError.
    """
    if config.secret_key:
        return config.secret_key
    if config.is_production:
        raise ConfigError("\n".join(problems(config)))
    kept = data_dir / "secret_key"
    make_data_dir(data_dir)
    try:
        # Empty after a first start on a full disk.
        if not kept.exists() or not kept.stat().st_size:
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_urlsafe(48), encoding="ascii")
        return kept.read_text(encoding="ascii")
    except OSError as error:
        raise ConfigError(
            f"The secret key cannot be kept in {kept}: {error.strerror}. Make that "
            "possible, or choose another folder with DATA_DIR."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{kept} is damaged. Delete it: the next start makes a new one."
        ) from error


def make_data_dir(data_dir: Path) -> None:
    """Make the folder, readable by its owner only. Raises ConfigError."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"`data_dir` {data_dir} cannot be made: {error.strerror}. Choose another "
            "folder with DATA_DIR."
        ) from error


def database(url: str, data_dir: Path) -> dict[str, Any]:
    """Django's database entry for `database_url`, or SQLite in WAL mode. Raises
    ConfigError."""
    settings = _parsed(url or f"sqlite:///{data_dir / 'voice.sqlite3'}")
    if settings["ENGINE"] == "django.db.backends.sqlite3":
        make_data_dir(data_dir)
        # SQLite gives its other files the permissions of this one.
        with contextlib.suppress(OSError):
            Path(settings["NAME"]).touch(mode=0o600)
        settings["OPTIONS"] = {**SQLITE_OPTIONS, **settings.get("OPTIONS", {})}
    else:
        settings["CONN_HEALTH_CHECKS"] = True
        # An unreachable host must not block a thread for minutes.
        patience = {"connect_timeout": CONNECT_TIMEOUT_SECONDS}
        settings["OPTIONS"] = {**patience, **settings.get("OPTIONS", {})}
    return settings


def _parsed(url: str) -> dict[str, Any]:
    # The address may hold a password, so no error repeats it.
    try:
        settings: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError as error:
        raise ConfigError("`database_url` (DATABASE_URL) is not an address.") from error
    if settings.get("ENGINE") not in DATABASES:
        raise ConfigError(
            "`database_url` (DATABASE_URL) must begin with `postgres://` or `sqlite:///`."
        )
    return settings


def channel_layers(redis_url: str) -> dict[str, Any]:
    """The channel layer for live figures: in memory, or shared through Redis."""
    if not redis_url:
        return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    # redis-py 8 gives up a blocking read after 5 s, which kills idle consumers.
    host = {"address": redis_url, "socket_timeout": None}
    return {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [host], "capacity": 1_000, "expiry": 10},
        }
    }


def unfold_settings(root_path: str) -> dict[str, Any]:
    """The look of the admin, and its navigation."""
    return {
        "SITE_TITLE": NAME,
        "SITE_HEADER": NAME,
        "SITE_SUBHEADER": _("Administration"),
        "SITE_SYMBOL": "graphic_eq",
        "SITE_URL": f"{root_path}/",
        "SHOW_VIEW_ON_SITE": False,
        "SHOW_HISTORY": False,
        # In css/admin.css: the theme would write them into each page, which the
        # content security policy does not allow.
        "COLORS": lambda request: {},
        "SITE_FAVICONS": [
            {
                "rel": "icon",
                "type": "image/svg+xml",
                "href": lambda request: static("img/favicon.svg"),
            }
        ],
        "STYLES": [lambda request: static("css/admin.css")],
        "SCRIPTS": [lambda request: static("js/admin-theme.js")],
        "DASHBOARD_CALLBACK": "gateway_app.dashboard.page.dashboard",
        "SIDEBAR": {"navigation": _admin_navigation()},
    }


def _admin_navigation() -> list[dict[str, Any]]:
    return [
        {"items": [_entry(_("Dashboard"), "monitoring", "admin:index")]},
        {
            "title": _("History"),
            "items": [
                _model_entry(_("Transcripts"), "hearing", "gateway_app.transcript"),
                _model_entry(_("Syntheses"), "campaign", "gateway_app.synthesis"),
                _model_entry(_("Conversations"), "forum", "chat_app.conversation"),
                _model_entry(_("Usage"), "bar_chart", "gateway_app.usageday"),
            ],
        },
        {
            "title": _("Speech"),
            "items": [
                _model_entry(_("Voices"), "record_voice_over", "tts_app.voice"),
            ],
        },
        {
            "title": _("Access"),
            "items": [
                _model_entry(_("Users"), "person", "auth.user"),
                _model_entry(_("Groups"), "group", "auth.group"),
                _model_entry(_("API keys"), "key", "gateway_app.apikey"),
                _model_entry(_("Audit log"), "history", "gateway_app.auditevent"),
            ],
        },
        {
            "title": _("Pages"),
            "items": [
                _entry(_("Speak"), "volume_up", "speak"),
                _entry(_("Listen"), "mic", "listen"),
                _entry(_("Monitor"), "show_chart", "monitor"),
                _entry(_("Configuration"), "tune", "configuration"),
            ],
        },
    ]


def _entry(title: Any, icon: str, url_name: str) -> dict[str, Any]:
    # By name, because the settings are read before any model can be imported.
    may_open = "gateway_app.pages.context.may_open"
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(url_name),
        "permission": lambda request: import_string(may_open)(
            request, reverse(url_name)
        ),
    }


def _model_entry(title: Any, icon: str, model: str) -> dict[str, Any]:
    app, name = model.split(".")
    url_name = f"admin:{app}_{name}_changelist"
    return {
        "title": title,
        "icon": icon,
        "link": _address(url_name),
        "permission": lambda request: bool(
            str(_address(url_name)) and request.user.has_perm(f"{app}.view_{name}")
        ),
    }


def _reverse_or_nothing(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:  # an app without an admin has no entry
        return ""


_address = lazy(_reverse_or_nothing, str)
