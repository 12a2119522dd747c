"""What Django itself keeps: roles, and the log of what was done in the admin."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from unfold.admin import ModelAdmin

from core.admin import ReadOnlyAdmin

admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(GroupAdmin, ModelAdmin):
    """The roles; `manage.py roles` puts those that we bring back to what they may."""


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    list_display = ("action_time", "user", "content_type", "object_repr", "change_message")
    list_filter = ("action_flag", "content_type")
    list_select_related = ("user", "content_type")
    search_fields = ("object_id", "object_repr", "change_message", "user__username")
    date_hierarchy = "action_time"
