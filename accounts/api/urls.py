from django.urls import path

from accounts.api import views

urlpatterns = [
    path("auth/nonce/<str:address>", views.NonceView.as_view(), name="nonce"),
    path("auth/verify", views.VerifyView.as_view(), name="verify"),
    path("auth/login", views.LoginView.as_view(), name="login"),
    path("auth/refresh", views.RefreshView.as_view(), name="refresh"),
    path("auth/logout", views.LogoutView.as_view(), name="logout"),
    path("auth/stream-ticket", views.StreamTicketView.as_view(), name="stream-ticket"),
    path("v1/user/me", views.MeView.as_view(), name="me"),
]
