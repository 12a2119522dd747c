"""The upgrade endpoints: parse, one service call, translate."""

import base64
import binascii
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from solders.signature import Signature

from accounts.authentication import caller_scope, signed_in_user
from chain.records import UnsignedTransaction
from core.api import parse_id
from core.errors import InvalidInput
from core.idempotency import Receipt, respond_once
from core.openapi import IDEMPOTENCY_KEY
from events.events import rfc3339
from nft.api.upgrade_serializers import (
    BurnTransactionSerializer,
    ConfirmBurnSerializer,
    StartedUpgradeSerializer,
    StartUpgradeSerializer,
    UpgradeSerializer,
)
from nft.models import UpgradeRequest
from nft.services.burn_transactions import renew_burn_transaction
from nft.services.closing import cancel_upgrade
from nft.services.confirming import confirm_burn, submit_signed_burn
from nft.services.finding import find_upgrade
from nft.services.recovery import retry_mint
from nft.services.starting import start_upgrade
from nft.services.upgrade_quotes import UpgradeQuote
from nft.throttles import BurnTransactionThrottle, UpgradeThrottle

ROUTE = "upgrade"
STATE = OpenApiResponse(description="The state does not allow it, or a requirement is missing")
CHAIN = OpenApiResponse(description="CHAIN_UNAVAILABLE: the same call may work later")


class StartUpgradeView(APIView):
    """Start an upgrade: burn the returned transaction next."""

    throttle_classes = [UpgradeThrottle]

    @extend_schema(
        tags=["upgrades"],
        parameters=[IDEMPOTENCY_KEY],
        request=StartUpgradeSerializer,
        responses={
            201: StartedUpgradeSerializer,
            404: OpenApiResponse(description="No such NFT of mine"),
            409: OpenApiResponse(
                description="The state does not allow it, or a requirement is missing; with a "
                "`quote` also QUOTE_CHANGED with details.differences, and QUOTE_EXPIRED"
            ),
            503: CHAIN,
        },
    )
    def post(self, request: Request) -> Response:
        fields = StartUpgradeSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        now, text = timezone.now(), fields.validated_data.get("quote")

        def work(receipt: Receipt) -> Response:
            upgrade, burn = start_upgrade(
                user=signed_in_user(request),
                nft_id=fields.validated_data["currentNftId"],
                target_level=fields.validated_data["targetLevel"],
                now=now,
                keep=lambda made, burn: receipt.keep(_started(made, burn), status=201),
                quote=None if text is None else UpgradeQuote.read(text, now=now),
            )
            return Response(_started(upgrade, burn), status=201)

        return respond_once(request, scope=caller_scope(request), route=ROUTE, work=work)


class UpgradeView(APIView):
    """One upgrade of mine, with its history."""

    @extend_schema(tags=["upgrades"], responses=UpgradeSerializer)
    def get(self, request: Request, upgrade_id: str) -> Response:
        upgrade = find_upgrade(user=signed_in_user(request), request_id=parse_id(upgrade_id))
        return Response(UpgradeSerializer(upgrade).data)


@extend_schema_view(get=extend_schema(tags=["upgrades"]))
class UpgradeListView(ListAPIView[UpgradeRequest]):
    """My upgrades, newest first."""

    serializer_class = UpgradeSerializer
    queryset = UpgradeRequest.objects.none()

    def get_queryset(self) -> Any:
        mine = UpgradeRequest.objects.of_user(signed_in_user(self.request).id)
        return mine.select_related("order").prefetch_related("history")


class BurnTransactionView(APIView):
    """A fresh unsigned burn transaction, base64."""

    throttle_classes = [BurnTransactionThrottle]

    @extend_schema(
        tags=["upgrades"], responses={200: BurnTransactionSerializer, 409: STATE, 503: CHAIN}
    )
    def get(self, request: Request, upgrade_id: str) -> Response:
        burn = renew_burn_transaction(
            user=signed_in_user(request), request_id=parse_id(upgrade_id), now=timezone.now()
        )
        return Response(_transaction(burn), headers={"Cache-Control": "no-store"})


class ConfirmBurnView(APIView):
    """Tell us of the burn: its signature, or the signed transaction for us to send."""

    @extend_schema(
        tags=["upgrades"],
        request=ConfirmBurnSerializer,
        responses={202: UpgradeSerializer, 409: STATE, 503: CHAIN},
    )
    def post(self, request: Request, upgrade_id: str) -> Response:
        fields = ConfirmBurnSerializer(data=request.data)
        fields.is_valid(raise_exception=True)
        request_id, now = parse_id(upgrade_id), timezone.now()
        signature = fields.validated_data.get("burnSignature")
        if signature is not None:
            _check_signature(signature)
            upgrade = confirm_burn(
                user=signed_in_user(request), request_id=request_id, signature=signature, now=now
            )
        else:
            raw = _decode(fields.validated_data["signedTransaction"])
            upgrade = submit_signed_burn(
                user=signed_in_user(request), request_id=request_id, raw=raw, now=now
            )
        return Response(UpgradeSerializer(upgrade).data, status=202)


class RetryView(APIView):
    """Try a failed mint again now instead of later."""

    @extend_schema(tags=["upgrades"], request=None, responses={202: UpgradeSerializer, 409: STATE})
    def post(self, request: Request, upgrade_id: str) -> Response:
        upgrade = retry_mint(
            user=signed_in_user(request), request_id=parse_id(upgrade_id), now=timezone.now()
        )
        return Response(UpgradeSerializer(upgrade).data, status=202)


class CancelView(APIView):
    """Close an upgrade that is not burned; it ends once no issued burn can land any more."""

    @extend_schema(tags=["upgrades"], request=None, responses={202: UpgradeSerializer, 409: STATE})
    def post(self, request: Request, upgrade_id: str) -> Response:
        upgrade = cancel_upgrade(
            user=signed_in_user(request), request_id=parse_id(upgrade_id), now=timezone.now()
        )
        return Response(UpgradeSerializer(upgrade).data, status=202)


def _started(upgrade: UpgradeRequest, burn: UnsignedTransaction) -> dict[str, Any]:
    path = f"/api/nft/upgrade/{upgrade.id}"
    return {
        "upgradeRequestId": str(upgrade.id),
        "status": str(upgrade.status),
        "expiresAt": rfc3339(upgrade.expires_at),
        **_transaction(burn),
        "links": {
            "self": path,
            "events": f"{path}/events",
            "burnTransaction": f"{path}/burn-transaction",
            "burnConfirm": f"{path}/burn-confirm",
        },
    }


def _transaction(burn: UnsignedTransaction) -> dict[str, Any]:
    return {
        "burnTransaction": base64.b64encode(burn.raw).decode(),
        "lastValidBlockHeight": burn.last_valid_block_height,
    }


def _check_signature(text: str) -> None:
    try:
        Signature.from_string(text)
    except ValueError:
        raise InvalidInput(
            "INVALID_SIGNATURE", "burnSignature is not a base58 transaction signature."
        ) from None


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("INVALID_TRANSACTION", "signedTransaction is not base64.") from None
