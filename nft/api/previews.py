"""Explaining an upgrade before it starts."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import signed_in_user
from nft.api.serializers import MissingSerializer
from nft.api.upgrade_serializers import IdField
from nft.services.previewing import UpgradePreview, preview_upgrade
from nft.throttles import BurnTransactionThrottle


class PreviewQuestionSerializer(serializers.Serializer[Any]):
    nft = IdField()
    targetLevel = serializers.IntegerField(min_value=1, max_value=1000)


class FeeSerializer(serializers.Serializer[Any]):
    """Of the burn; the mint is always at our cost."""

    lamports = serializers.IntegerField()
    payer = serializers.CharField()


class TouchedAccountSerializer(serializers.Serializer[Any]):
    address = serializers.CharField()
    role = serializers.CharField()
    isSigner = serializers.BooleanField(source="is_signer")
    isWritable = serializers.BooleanField(source="is_writable")


class SimulationSerializer(serializers.Serializer[Any]):
    error = serializers.CharField(allow_null=True)
    unitsConsumed = serializers.IntegerField(source="units")
    logs = serializers.ListField(child=serializers.CharField())


class UpgradePreviewSerializer(serializers.Serializer[Any]):
    currentNftId = serializers.UUIDField(source="nft.id")
    targetLevel = serializers.IntegerField(source="target_level")
    eligible = serializers.BooleanField()
    blockers = serializers.SerializerMethodField()
    tierName = serializers.CharField(source="terms.name", default=None, allow_null=True)
    imageUrl = serializers.CharField(
        source="terms.picture_url", default="", help_text="Of the tier; empty: none"
    )
    benefits = serializers.JSONField(source="terms.benefits", default=None)
    badges = serializers.ListField(
        source="terms.badges",
        child=serializers.CharField(),
        default=list,
        help_text="Slugs of those that would be consumed",
    )
    fee = FeeSerializer(allow_null=True)
    rentTo = serializers.CharField(source="rent_to", allow_null=True)
    accounts = TouchedAccountSerializer(many=True)
    simulation = SimulationSerializer(allow_null=True)
    quote = serializers.CharField(
        allow_null=True, help_text="For `POST /api/nft/upgrade`, valid for 10 minutes"
    )

    @extend_schema_field(MissingSerializer)
    def get_blockers(self, preview: UpgradePreview) -> list[dict[str, Any]]:
        return preview.blockers


class UpgradePreviewView(APIView):
    throttle_classes = [BurnTransactionThrottle]

    @extend_schema(
        operation_id="user_upgrade_preview",
        tags=["upgrades"],
        parameters=[
            OpenApiParameter("nft", str, required=True, description="Id of my NFT"),
            OpenApiParameter("targetLevel", int, required=True),
        ],
        responses={
            200: UpgradePreviewSerializer,
            404: OpenApiResponse(description="No such NFT of mine"),
            503: OpenApiResponse(description="CHAIN_UNAVAILABLE: the same call may work later"),
        },
    )
    def get(self, request: Request) -> Response:
        """What an upgrade would do, or what blocks it; nothing is changed."""
        question = PreviewQuestionSerializer(data=request.query_params)
        question.is_valid(raise_exception=True)
        preview = preview_upgrade(
            user=signed_in_user(request),
            nft_id=question.validated_data["nft"],
            target_level=question.validated_data["targetLevel"],
            now=timezone.now(),
        )
        answer = UpgradePreviewSerializer(preview).data
        return Response(answer, headers={"Cache-Control": "no-store"})
