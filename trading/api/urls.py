from django.urls import path

from trading.api.views import TradeListView

urlpatterns = [path("trades", TradeListView.as_view(), name="trades")]
