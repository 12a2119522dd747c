"""Every HTTP route of the site (streams are routed in `config.asgi`)."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

from core.health import MetricsView, healthz
from events.api import asyncapi_json
from realtime.health import ReadinessView

urlpatterns = [
    path("", include("web.urls")),
    path("favicon.ico", RedirectView.as_view(url=static("favicon.svg"), permanent=True)),
    path("healthz", healthz, name="healthz"),
    path("readyz", ReadinessView.as_view(), name="readyz"),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("admin/streams/", include("realtime.admin")),
    path("admin/", admin.site.urls),
    path("api/", include("accounts.api.urls")),
    path(
        "api/schema/",
        SpectacularAPIView.as_view(permission_classes=[AllowAny], authentication_classes=[]),
        name="schema",
    ),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(
            url_name="schema", permission_classes=[AllowAny], authentication_classes=[]
        ),
        name="docs",
    ),
    path("api/asyncapi.json", asyncapi_json, name="asyncapi"),
    path("api/v1/", include("analytics.api.urls")),  # its user/stats says more than nft's
    path("api/v1/", include("badges.api.urls")),
    path("api/v1/", include("trading.api.urls")),
    path("api/v1/", include("nft.api.urls")),
    path("api/", include("nft.api.upgrade_urls")),
    path("api/v1/", include("notifications.api.urls")),
    path("mail/", include("notifications.urls")),
]

handler400 = "core.api.bad_request"
handler404 = "web.views.errors.not_found"
handler500 = "web.views.errors.server_error"
