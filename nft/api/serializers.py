"""The shapes of tiers, NFTs, qualification and figures, as documented."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from nft.models import Tier, UserNft
from nft.services.judging import LevelQualification, usd


class UsdField(serializers.CharField):
    """US dollars as a decimal string."""

    def to_representation(self, value: Any) -> str:
        return usd(value)


class BenefitsSerializer(serializers.Serializer[Any]):
    """Beside these, whatever else operators gave the tier: text, whole numbers, booleans."""

    tradingFeeReduction = serializers.CharField()
    aiAgentWeeklyUses = serializers.IntegerField()
    prioritySupport = serializers.BooleanField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return dict(instance)


class TierSerializer(serializers.ModelSerializer[Tier]):
    """`tierId` in events and `nftDefinitionId` in an unlock are the tier's `level`."""

    requiredVolume = UsdField(source="required_volume")
    requiredBadges = serializers.ListField(
        source="badge_slugs", child=serializers.CharField(), help_text="Slugs"
    )
    badgesNeeded = serializers.IntegerField(
        source="badges_needed", allow_null=True, help_text="How many are enough; null: all"
    )
    supplyCap = serializers.IntegerField(source="supply_cap", allow_null=True)
    availableFrom = serializers.DateTimeField(source="available_from", allow_null=True)
    availableUntil = serializers.DateTimeField(source="available_until", allow_null=True)
    benefits = BenefitsSerializer()
    imageUrl = serializers.CharField(source="picture_url", help_text="Empty: none")

    class Meta:
        model = Tier
        fields = [
            "level", "name", "symbol", "description", "colour", "imageUrl", "requiredVolume",
            "requiredBadges", "badgesNeeded", "supplyCap", "availableFrom", "availableUntil",
            "benefits", "version",
        ]  # fmt: skip
        read_only_fields = fields


class UserNftSerializer(serializers.ModelSerializer[UserNft]):
    tierLevel = serializers.IntegerField(source="tier_level")
    tierName = serializers.CharField(source="tier_name")
    mintAddress = serializers.CharField(source="mint_address")
    transactionSignature = serializers.CharField(source="transaction_signature", allow_null=True)
    metadataUri = serializers.CharField(source="metadata_uri")
    imageUrl = serializers.CharField(source="image_url")
    benefits = BenefitsSerializer()
    createdAt = serializers.DateTimeField(source="created_at")
    mintedAt = serializers.DateTimeField(source="minted_at", allow_null=True)
    burnedAt = serializers.DateTimeField(source="burned_at", allow_null=True)
    burnSignature = serializers.CharField(source="burn_signature", allow_null=True)

    class Meta:
        model = UserNft
        fields = [
            "id", "tierLevel", "tierName", "status", "origin", "mintAddress",
            "transactionSignature", "metadataUri", "imageUrl", "benefits", "createdAt",
            "mintedAt", "burnedAt", "burnSignature",
        ]  # fmt: skip
        read_only_fields = fields


# `required` is also the name of an option of every field, which a class body cannot shadow.
MissingSerializer = inline_serializer(
    "Missing",
    {
        "code": serializers.CharField(),
        "message": serializers.CharField(),
        "required": serializers.CharField(required=False, help_text="VOLUME_TOO_LOW, US dollars"),
        "current": serializers.CharField(required=False, help_text="VOLUME_TOO_LOW, US dollars"),
        "slug": serializers.CharField(required=False, help_text="BADGE_…: which badge"),
        "slugs": serializers.ListField(
            child=serializers.CharField(), required=False, help_text="BADGES_TOO_FEW: of these"
        ),
        "needed": serializers.IntegerField(required=False, help_text="BADGES_TOO_FEW"),
        "have": serializers.IntegerField(required=False, help_text="BADGES_TOO_FEW"),
        "availableFrom": serializers.DateTimeField(required=False),
        "availableUntil": serializers.DateTimeField(required=False),
        "currentLevel": serializers.IntegerField(required=False, allow_null=True),
        "requiredLevel": serializers.IntegerField(required=False),
    },
    many=True,
)


class LevelSerializer(serializers.Serializer[Any]):
    level = serializers.IntegerField()
    qualified = serializers.BooleanField()
    missing = serializers.SerializerMethodField()

    @extend_schema_field(MissingSerializer)
    def get_missing(self, verdict: LevelQualification) -> list[dict[str, Any]]:
        return [reason.as_json() for reason in verdict.missing]


class QualificationSerializer(serializers.Serializer[Any]):
    volume = UsdField()
    levels = LevelSerializer(many=True)


class CountsField(serializers.DictField):
    """`{status: how many}`."""

    child = serializers.IntegerField()


class StatsSerializer(serializers.Serializer[Any]):
    volume = UsdField()
    trades = serializers.IntegerField()
    level = serializers.IntegerField(allow_null=True)
    nfts = CountsField()
    badges = CountsField()
    upgrades = CountsField()


class UnlockSerializer(serializers.Serializer[Any]):
    """The tier's level, by either name."""

    tierLevel = serializers.IntegerField(required=False, min_value=1, max_value=1000)
    nftDefinitionId = serializers.IntegerField(required=False, min_value=1, max_value=1000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(set(attrs.values())) != 1:
            raise serializers.ValidationError("Give tierLevel (or nftDefinitionId, the same).")
        return attrs


class UnlockedSerializer(serializers.Serializer[Any]):
    nftId = serializers.UUIDField(source="id")
    status = serializers.CharField()
