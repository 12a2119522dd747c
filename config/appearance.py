"""How the admin looks, and where it takes its menu from (django-unfold)."""

from django.templatetags.static import static

UNFOLD = {
    "SITE_TITLE": "AIW3 NFT",
    "SITE_HEADER": "AIW3 NFT",
    "SITE_SUBHEADER": "Operations",
    "SITE_SYMBOL": "diamond",
    "SHOW_BACK_BUTTON": True,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("favicon.svg")}
    ],
    "STYLES": [lambda _: static("backoffice/admin.css")],
    "SIDEBAR": {"navigation": "backoffice.navigation.sidebar"},
    "ACCOUNT": {"navigation": "backoffice.navigation.account_links"},
    "ENVIRONMENT": "backoffice.navigation.environment",
    "DASHBOARD_CALLBACK": "backoffice.home.dashboard",
    # Blue, as on the pages; from 600 on, text on white has the contrast that WCAG AA asks for.
    "COLORS": {
        "primary": {
            "50": "#eff6ff",
            "100": "#dbeafe",
            "200": "#bfdbfe",
            "300": "#93c5fd",
            "400": "#60a5fa",
            "500": "#3b82f6",
            "600": "#2563eb",
            "700": "#1d4ed8",
            "800": "#1e40af",
            "900": "#1e3a8a",
            "950": "#172554",
        }
    },
}
