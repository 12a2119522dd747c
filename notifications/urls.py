"""The pages that links of letters lead to."""

from django.urls import path

from notifications.links import unsubscribe_page, verify

urlpatterns = [
    path("verify/<str:token>", verify, name="mail-verify"),
    path("unsubscribe/<str:token>", unsubscribe_page, name="mail-unsubscribe"),
]
