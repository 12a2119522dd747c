from django.urls import path, re_path

from badges.api.views import (
    ActivateView,
    AwardView,
    BadgeListView,
    MyBadgeListView,
    RevokeView,
)

urlpatterns = [
    path("badges", BadgeListView.as_view(), name="badges"),
    # As long as the column allows: the slug is part of the idempotency route.
    re_path(
        r"^badges/(?P<slug>[-a-zA-Z0-9_]{1,64})/award$", AwardView.as_view(), name="badge-award"
    ),
    re_path(
        r"^badges/(?P<slug>[-a-zA-Z0-9_]{1,64})/revoke$", RevokeView.as_view(), name="badge-revoke"
    ),
    path("user/badges", MyBadgeListView.as_view(), name="user-badges"),
    path("user/badges/<uuid:badge_id>/activate", ActivateView.as_view(), name="badge-activate"),
]
