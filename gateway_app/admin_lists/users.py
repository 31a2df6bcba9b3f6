"""The admin's pages of user accounts and their groups."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.admin import (
    GroupAdmin as DjangoGroupAdmin,
    UserAdmin as DjangoUserAdmin,
)
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy as _
from unfold.contrib.filters.admin import BooleanRadioFilter, RelatedCheckboxFilter
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from gateway_app.access.principals import user_id
from gateway_app.accounts.users import role_words
from gateway_app.audit.models import Action
from gateway_app.dashboard.site_admin import SiteAdmin

COLOURS = {"active": "success", "disabled": "danger"}
SIGN_INS = (Action.SIGNED_IN.value, Action.SIGNED_OUT.value)

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, SiteAdmin):  # type: ignore[type-arg,misc]
    """User accounts, with what each is for and whether it may sign in."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "role", "state", "last_sign_in")
    list_filter = (
        ("groups", RelatedCheckboxFilter),
        ("is_active", BooleanRadioFilter),
        ("is_superuser", BooleanRadioFilter),
    )
    list_filter_submit = True
    list_filter_sheet = False
    actions_detail = ("sign_ins",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.prefetch_related("groups")

    @admin.display(description=_("role"))
    def role(self, user: User) -> str:
        return role_words(user)

    @display(description=_("state"), ordering="is_active", label=COLOURS)  # type: ignore[untyped-decorator]
    def state(self, user: User) -> tuple[str, str]:
        if user.is_active:
            return "active", gettext("active")
        return "disabled", gettext("disabled")

    @admin.display(description=_("last sign-in"), ordering="last_login")
    def last_sign_in(self, user: User) -> Any:
        return user.last_login

    def has_audit_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("gateway_app.view_auditevent")

    @action(description=_("Sign-ins"), url_path="sign-ins", permissions=["audit"])  # type: ignore[untyped-decorator]
    def sign_ins(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """When the account signed in and out, in the audit log."""
        user = self.get_object(request, str(object_id))
        asked = [("actor", user_id(user)), *(("action", each) for each in SIGN_INS)]
        events = reverse("admin:gateway_app_auditevent_changelist")
        return HttpResponseRedirect(f"{events}?{urlencode(asked)}")


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, SiteAdmin):  # type: ignore[misc]
    """Groups of permissions."""
