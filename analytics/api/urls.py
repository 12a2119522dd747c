"""Routes below `api/v1/`. Included before `nft`'s, whose `user/stats` says less."""

from django.urls import path

from analytics.api.boards import LeaderboardView, MyPlaceView
from analytics.api.stats import MemberStatsView

urlpatterns = [
    path("user/stats", MemberStatsView.as_view(), name="member-stats"),
    path("user/leaderboards/<str:name>", MyPlaceView.as_view(), name="user-leaderboard"),
    path("leaderboards/<str:name>", LeaderboardView.as_view(), name="leaderboard"),
]
