"""My figures. It answers where `nft` has a plainer view for a site without this app."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import signed_in_user
from analytics.api.serializers import MemberStatsSerializer
from analytics.services.stats import member_stats
from nft.services.stats import stats_of


class MemberStatsView(APIView):
    @extend_schema(operation_id="user_stats", tags=["my NFTs"], responses=MemberStatsSerializer)
    def get(self, request: Request) -> Response:
        """My volume, NFTs, badges and upgrades: how many, how fast, and how often it worked."""
        user = signed_in_user(request)
        found = member_stats(user_id=user.id, counts=stats_of(user))
        return Response(MemberStatsSerializer(found).data)
