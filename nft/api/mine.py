"""What is mine: my NFTs, what I qualify for, my figures."""

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import signed_in_user
from nft.api.serializers import QualificationSerializer, StatsSerializer, UserNftSerializer
from nft.models import UserNft
from nft.services.qualification import qualification_of
from nft.services.stats import stats_of


@extend_schema_view(get=extend_schema(operation_id="user_nfts_list", tags=["my NFTs"]))
class MyNftListView(ListAPIView[UserNft]):
    """My NFTs, newest first, burned ones included."""

    serializer_class = UserNftSerializer
    queryset = UserNft.objects.none()

    def get_queryset(self) -> QuerySet[UserNft]:
        return UserNft.objects.of_user(signed_in_user(self.request).id)


class QualificationView(APIView):
    @extend_schema(
        operation_id="user_qualification", tags=["my NFTs"], responses=QualificationSerializer
    )
    def get(self, request: Request) -> Response:
        """For every tier: whether I qualify, and each reason that blocks."""
        found = qualification_of(signed_in_user(request), now=timezone.now())
        return Response(QualificationSerializer(found).data)


class StatsView(APIView):
    @extend_schema(operation_id="user_stats", tags=["my NFTs"], responses=StatsSerializer)
    def get(self, request: Request) -> Response:
        """My volume, and how many NFTs, badges and upgrades I have in which state."""
        return Response(StatsSerializer(stats_of(signed_in_user(request))).data)
