"""Benefits for other services, by API key."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ServiceKeyAuthentication, caller_scope
from accounts.models.keys import Scope
from accounts.permissions import HasScope
from core.idempotency import Receipt, respond_once
from core.openapi import IDEMPOTENCY_KEY
from nft.services.benefits import Quota, benefits_of, use_benefit

ROUTE = "use-benefit"
NO_WALLET = OpenApiResponse(description="WALLET_NOT_FOUND: not a Solana address")


class QuotaSerializer(serializers.Serializer[Any]):
    """A benefit that is counted from Monday 00:00 UTC to the next."""

    name = serializers.CharField()
    limit = serializers.IntegerField()
    used = serializers.IntegerField()
    remaining = serializers.IntegerField()
    resetsAt = serializers.DateTimeField(source="resets_at")


class WalletBenefitsSerializer(serializers.Serializer[Any]):
    """Without an NFT of ours `nftId`, `tierLevel` and `tierName` are null."""

    wallet = serializers.CharField(source="membership.wallet")
    nftId = serializers.UUIDField(source="membership.nft_id", allow_null=True)
    tierLevel = serializers.IntegerField(source="membership.level", allow_null=True)
    tierName = serializers.CharField(source="membership.tier_name", allow_null=True)
    benefits = serializers.DictField(source="membership.benefits")
    quotas = QuotaSerializer(many=True)


class UseSerializer(serializers.Serializer[Any]):
    amount = serializers.IntegerField(default=1, min_value=1, max_value=1000)


class BenefitsView(APIView):
    authentication_classes = [ServiceKeyAuthentication]
    permission_classes = [HasScope(Scope.BENEFITS_READ)]

    @extend_schema(
        operation_id="wallet_benefits",
        tags=["benefits"],
        responses={200: WalletBenefitsSerializer, 404: NO_WALLET},
    )
    def get(self, request: Request, wallet: str) -> Response:
        """What the highest NFT in this wallet gives, and what is left of it this week."""
        found = benefits_of(wallet=wallet, now=timezone.now())
        return Response(WalletBenefitsSerializer(found).data)


class UseBenefitView(APIView):
    authentication_classes = [ServiceKeyAuthentication]
    permission_classes = [HasScope(Scope.BENEFITS_USE)]

    @extend_schema(
        operation_id="wallet_benefit_use",
        tags=["benefits"],
        parameters=[IDEMPOTENCY_KEY],
        request=UseSerializer,
        responses={
            200: QuotaSerializer,
            404: OpenApiResponse(
                description="WALLET_NOT_FOUND, BENEFIT_NOT_FOUND (none of this name is counted)"
            ),
            409: OpenApiResponse(description="NO_MEMBERSHIP: the wallet holds no NFT of ours"),
            429: OpenApiResponse(description="QUOTA_EXHAUSTED: nothing was counted; Retry-After"),
        },
    )
    def post(self, request: Request, wallet: str, name: str) -> Response:
        """Count uses of a weekly benefit: all of `amount`, or none."""
        fields = UseSerializer(data=request.data)
        fields.is_valid(raise_exception=True)

        def work(receipt: Receipt) -> Response:
            quota = use_benefit(
                wallet=wallet,
                name=name,
                amount=fields.validated_data["amount"],
                now=timezone.now(),
                keep=lambda counted: receipt.keep(_shape(counted), status=200),
            )
            return Response(_shape(quota))

        # The key counts for this very wallet and benefit.
        route = f"{ROUTE}:{wallet[:44]}:{name}"[:80]
        return respond_once(request, scope=caller_scope(request), route=route, work=work)


def _shape(quota: Quota) -> Any:
    return QuotaSerializer(quota).data
