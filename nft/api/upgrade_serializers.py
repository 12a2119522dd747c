"""The shapes of the upgrade endpoints, as documented."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from core.api import parse_id
from nft.models import UpgradeRequest
from nft.services.outlook import outlook_of

BASE64_TRANSACTION_CHARACTERS = 1700  # 1232 bytes, encoded, and some room


class IdField(serializers.UUIDField):
    """An id in a body: malformed is unknown, as in an address. Raises NotFound."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return parse_id(data)


class StartUpgradeSerializer(serializers.Serializer[Any]):
    currentNftId = IdField()
    targetLevel = serializers.IntegerField(min_value=1, max_value=1000)
    quote = serializers.CharField(
        required=False,
        max_length=4000,
        help_text="From a preview: the start is refused when it would do something else",
    )


class ConfirmBurnSerializer(serializers.Serializer[Any]):
    """Exactly one of the two: a signature (base58), or a signed transaction (base64)."""

    burnSignature = serializers.CharField(required=False, max_length=88)
    signedTransaction = serializers.CharField(
        required=False, max_length=BASE64_TRANSACTION_CHARACTERS
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Give burnSignature or signedTransaction, not both.")
        return attrs


# `from` is a Python keyword, which a class body cannot hold.
HistorySerializer = inline_serializer(
    "UpgradeHistory",
    {
        "from": serializers.CharField(source="from_status"),
        "to": serializers.CharField(source="to_status"),
        "at": serializers.DateTimeField(),
        "reason": serializers.CharField(),
    },
    many=True,
    read_only=True,
)

UpgradeError = inline_serializer(
    "UpgradeError", {"error_code": serializers.CharField(), "message": serializers.CharField()}
)


class UpgradeSerializer(serializers.ModelSerializer[UpgradeRequest]):
    upgradeRequestId = serializers.UUIDField(source="id")
    currentNftId = serializers.UUIDField(source="current_nft_id")
    targetLevel = serializers.IntegerField(source="target_level")
    burnSignature = serializers.CharField(source="burn_signature", allow_null=True)
    mintAddress = serializers.CharField(source="order.mint_address")
    mintSignature = serializers.CharField(source="order.signature", allow_null=True)
    newNftId = serializers.UUIDField(source="new_nft_id", allow_null=True)
    waivedBadges = serializers.ListField(source="waived_badges", child=serializers.CharField())
    nextAttemptAt = serializers.SerializerMethodField()
    statusReason = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    history = HistorySerializer
    createdAt = serializers.DateTimeField(source="created_at")
    expiresAt = serializers.DateTimeField(source="expires_at")

    class Meta:
        model = UpgradeRequest
        fields = [
            "upgradeRequestId", "status", "currentNftId", "targetLevel", "burnSignature",
            "mintAddress", "mintSignature", "newNftId", "waivedBadges", "nextAttemptAt",
            "statusReason", "error", "history", "createdAt", "expiresAt",
        ]  # fmt: skip

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_nextAttemptAt(self, request: UpgradeRequest) -> Any:
        """When we try or look next by ourselves; null once it has ended."""
        return outlook_of(request, now=timezone.now()).next_attempt_at

    def get_statusReason(self, request: UpgradeRequest) -> str:
        """What it waits for, or how it ended, for a person."""
        return outlook_of(request, now=timezone.now()).reason

    @extend_schema_field(UpgradeError)
    def get_error(self, request: UpgradeRequest) -> dict[str, str] | None:
        if not request.error_code:
            return None
        return {"error_code": request.error_code, "message": request.error_message}


class LinksSerializer(serializers.Serializer[Any]):
    self = serializers.CharField()
    events = serializers.CharField()
    burnTransaction = serializers.CharField()
    burnConfirm = serializers.CharField()


class StartedUpgradeSerializer(serializers.Serializer[Any]):
    """`burnTransaction` is unsigned, base64, valid for about 150 blocks."""

    upgradeRequestId = serializers.UUIDField()
    status = serializers.CharField()
    expiresAt = serializers.DateTimeField()
    burnTransaction = serializers.CharField()
    lastValidBlockHeight = serializers.IntegerField()
    links = LinksSerializer()


class BurnTransactionSerializer(serializers.Serializer[Any]):
    burnTransaction = serializers.CharField()
    lastValidBlockHeight = serializers.IntegerField()
