"""The one admin site."""

from unfold.sites import UnfoldAdminSite


class BackofficeSite(UnfoldAdminSite):
    index_title = "Operations"
