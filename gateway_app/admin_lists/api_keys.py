"""The admin's pages of API keys: make, change, rotate, revoke and delete."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
)

from gateway_app.access.principals import LIMIT_NAMES, Scope, principal_of
from gateway_app.audit.admin_changes import actor_of
from gateway_app.dashboard.site_admin import SiteAdmin, with_code
from gateway_app.keys.models import ApiKey
from gateway_app.keys.store import first_secret, revoke_key, revoke_secret, rotate

COLOURS = {
    "valid": "success",
    "revoked": "danger",
    "expired": "warning",
    "no secret": "warning",
}


WORDS = {
    Scope.LISTEN: "speech to text",
    Scope.SPEAK: "text to speech, with the language model",
    Scope.CHAT: "spoken conversations",
    Scope.MONITOR: "the figures and the configuration of the server",
    Scope.HISTORY: "the texts of others",
    Scope.VOICES: "uploading, changing and removing voices",
    Scope.ADMIN: "everything",
}
"""What each scope allows, for people."""


class Lines(forms.CharField):
    """A list of texts, one a line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = str(value or "").splitlines()
        return [line.strip() for line in lines if line.strip()]


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A key without its secrets."""

    scopes = forms.MultipleChoiceField(
        choices=[(str(scope), f"{scope}: {WORDS[scope]}") for scope in Scope],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=ApiKey._meta.get_field("scopes").help_text,
    )
    origins = Lines(
        label="Allowed origins",
        required=False,
        help_text=with_code(ApiKey._meta.get_field("origins").help_text),
    )
    addresses = Lines(
        label="Allowed addresses",
        required=False,
        help_text=with_code(ApiKey._meta.get_field("addresses").help_text),
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "expires_at", "origins", "addresses", *LIMIT_NAMES)


@admin.register(ApiKey)
class ApiKeyAdmin(SiteAdmin):
    """The keys. A secret is on one page once, and never again."""

    list_title = _("API keys")
    form = ApiKeyForm
    list_display = ("name", "how_it_is", "may", "expires_at", "last_used")
    search_fields = ("name", "principal", "secrets__prefix")
    search_help_text = _("Name, id, or the beginning of a secret")
    actions = ("revoke",)
    actions_detail = ("secrets",)
    fieldsets = (
        (None, {"fields": ("name", "scopes", "expires_at")}),
        (_("Allowed callers"), {"fields": ("origins", "addresses")}),
        (_("Limits"), {"fields": LIMIT_NAMES}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        rows: QuerySet[ApiKey] = super().get_queryset(request)
        return rows.prefetch_related("secrets")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.secrets_page)
        page = path("<int:pk>/secrets/", view, name="gateway_app_apikey_secret_page")
        return [page, *super().get_urls()]

    def save_model(
        self, request: HttpRequest, obj: ApiKey, form: ApiKeyForm, change: bool
    ) -> None:
        """Raises PermissionDenied for a key, old or new, that may do more than whoever
        saves it: they could also lift where and until when it is valid."""
        _check_has(request, {*obj.scopes, *(form.initial.get("scopes") or ())})
        super().save_model(request, obj, form, change)
        if not change:
            request.new_secret = first_secret(obj)  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._secrets(request, obj, request.new_secret)  # type: ignore[attr-defined]

    def secrets_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The secrets of a key, and what can be done with them."""
        key = get_object_or_404(ApiKey, pk=pk)
        if not self.has_change_permission(request, key):
            raise PermissionDenied
        if request.method != "POST":
            return self._secrets(request, key)
        try:
            if prefix := request.POST.get("revoke"):
                revoke_secret(
                    actor_of(request),
                    get_object_or_404(key.live_secrets, prefix=prefix),
                )
                return HttpResponseRedirect(request.path)
            # Whoever sees the secret may do all that the key may.
            _check_has(request, key.scopes)
            return self._secrets(request, key, rotate(actor_of(request), key))
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def _secrets(
        self, request: HttpRequest, key: ApiKey, new: str = ""
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Secrets of %(name)s") % {"name": key.name},
            "key": key,
            "new": new,
            "secrets": key.secrets.order_by("-pk"),
            "page": reverse("admin:gateway_app_apikey_secret_page", args=[key.pk]),
        }
        return TemplateResponse(request, "admin/key_secrets.html", context)

    @action(description=_("Secrets"), url_path="to-secrets", permissions=["change"])  # type: ignore[untyped-decorator]
    def secrets(self, request: HttpRequest, object_id: int) -> HttpResponse:
        page = reverse("admin:gateway_app_apikey_secret_page", args=[object_id])
        return HttpResponseRedirect(page)

    @admin.action(description=_("Revoke the chosen keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiKey]) -> None:
        for key in chosen.filter(revoked_at=None):
            revoke_key(actor_of(request), key)

    @display(description=_("state"), label=COLOURS)  # type: ignore[untyped-decorator]
    def how_it_is(self, key: ApiKey) -> tuple[str, str]:
        return key.state, key.state

    @admin.display(description=_("scopes"))
    def may(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description=_("last used"))
    def last_used(self, key: ApiKey) -> Any:
        used = [each.last_used_at for each in key.secrets.all() if each.last_used_at]
        return max(used, default=None)


def _check_has(request: HttpRequest, scopes: Iterable[str]) -> None:
    """Raises PermissionDenied unless whoever is signed in has all of these scopes."""
    principal = principal_of(request)
    if not all(principal.may(Scope(scope)) for scope in scopes):
        raise PermissionDenied
