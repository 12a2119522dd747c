"""The pages. What they load from the API is below `api/`."""

from django.urls import path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from web.policies import csp_report
from web.views import members, playground, public, upgrades

urlpatterns = [
    path("", public.landing_page, name="landing"),
    path("sign-in", members.sign_in_page, name="sign-in"),
    path("collection", members.collection_page, name="collection"),
    path("badges", members.badges_page, name="badges-page"),
    path("activity", members.activity_page, name="activity"),
    path("activity/news", members.news_fragment, name="news"),
    path("upgrades", upgrades.upgrade_list_page, name="upgrades"),
    path("upgrades/new/<str:nft_id>", upgrades.preview_page, name="upgrade-preview"),
    path("upgrade/<str:upgrade_id>", RedirectView.as_view(pattern_name="upgrade-page")),
    path("upgrades/<str:upgrade_id>", upgrades.upgrade_page, name="upgrade-page"),
    path("leaderboards", members.leaderboards_page, name="leaderboards-page"),
    path("notifications", members.notifications_page, name="notifications-page"),
    path("nfts/<str:mint>", public.nft_page, name="nft-page"),
    path("status", public.status_page, name="status"),
    path("live", public.live_page, name="live"),
    path("tiers.css", public.tier_colours, name="tier-colours"),
    path("service-worker.js", public.service_worker, name="service-worker"),
    path("language", set_language, name="set_language"),
    path("playground", playground.play, name="playground"),
    path("csp-report", csp_report, name="csp-report"),
]
