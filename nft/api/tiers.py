"""The ladder, for everybody."""

from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny

from core.api import CursorPagination
from nft.api.serializers import TierSerializer
from nft.models import Tier


class LowestFirst(CursorPagination):
    ordering = "level"


@extend_schema_view(get=extend_schema(operation_id="tiers_list", tags=["tiers"], auth=[]))
@method_decorator([cache_control(public=True, max_age=60), conditional_page], name="dispatch")
class TierListView(ListAPIView[Tier]):
    """The tiers on offer, lowest first: what each asks for and what it gives."""

    authentication_classes = []
    permission_classes = [AllowAny]
    serializer_class = TierSerializer
    pagination_class = LowestFirst
    queryset = Tier.objects.on_offer()
