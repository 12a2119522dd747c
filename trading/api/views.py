"""Trades over HTTP, from the trading system."""

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ServiceKeyAuthentication, caller_scope
from accounts.permissions import HasScope
from core.idempotency import Receipt, respond_once
from core.openapi import IDEMPOTENCY_KEY
from trading.api.serializers import TradeListSerializer, TradeResultsSerializer
from trading.intake import NewTrade
from trading.services import record_trades


class TradeListView(APIView):
    authentication_classes = [ServiceKeyAuthentication]
    permission_classes = [HasScope("trades:write")]

    @extend_schema(
        operation_id="trades_record",
        tags=["trading"],
        parameters=[IDEMPOTENCY_KEY],
        request=TradeListSerializer,
        responses={
            200: TradeResultsSerializer,
            400: OpenApiResponse(description="INVALID_INPUT: nothing was recorded."),
        },
    )
    def post(self, request: Request) -> Response:
        """Record up to 1000 trades, each once by its `tradeId`.

        A body of another shape, or a field missing or of a wrong type, refuses the whole
        request. A bad value rejects its own trade only, with `error_code` INVALID_TRADE_ID,
        INVALID_WALLET, INVALID_VOLUME (not positive, 10^12 or more, over 8 decimals, not a
        plain decimal, a JSON number of over 15 digits),
        EXECUTED_IN_FUTURE, or with `code` 409 TRADE_ID_REUSED (known, with other values).

        A correction is a trade of its own that names what it `corrects`, of the same wallet
        (409 WALLET_DIFFERS); each trade is corrected once (409 ALREADY_CORRECTED), to correct
        again correct the correction. 409 CORRECTED_TRADE_UNKNOWN: send it again later.
        """
        scope = caller_scope(request)

        def record(receipt: Receipt) -> Response:
            body = TradeListSerializer(data=request.data)
            body.is_valid(raise_exception=True)
            trades = [NewTrade(**fields) for fields in body.validated_data]
            with transaction.atomic():
                results = record_trades(trades=trades, now=timezone.now(), source=scope)
                answer = TradeResultsSerializer({"results": results}).data
                receipt.keep(answer, status=200)
            return Response(answer)

        return respond_once(request, scope=scope, route="trades", work=record)
