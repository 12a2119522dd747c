"""Unlocking the first NFT."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import caller_scope, signed_in_user
from core.idempotency import Receipt, respond_once
from core.openapi import IDEMPOTENCY_KEY
from nft.api.serializers import UnlockedSerializer, UnlockSerializer
from nft.models import UserNft
from nft.services.unlocking import unlock_nft

ROUTE = "unlock"


class UnlockView(APIView):
    @extend_schema(
        operation_id="user_unlock_nft",
        tags=["my NFTs"],
        parameters=[IDEMPOTENCY_KEY],
        request=UnlockSerializer,
        responses={
            202: UnlockedSerializer,
            409: OpenApiResponse(
                description="NOT_QUALIFIED with details.missing, ALREADY_UNLOCKED, "
                "NOT_THE_FIRST_TIER, SOLD_OUT"
            ),
        },
    )
    def post(self, request: Request) -> Response:
        """Order my first NFT. `nft_unlocked` follows once its mint is finalized."""
        fields = UnlockSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        level = next(iter(fields.validated_data.values()))

        def work(receipt: Receipt) -> Response:
            nft = unlock_nft(
                user=signed_in_user(request),
                tier_level=level,
                now=timezone.now(),
                keep=lambda ordered: receipt.keep(_shape(ordered), status=202),
            )
            return Response(_shape(nft), status=202)

        return respond_once(request, scope=caller_scope(request), route=ROUTE, work=work)


def _shape(nft: UserNft) -> Any:
    return UnlockedSerializer(nft).data
