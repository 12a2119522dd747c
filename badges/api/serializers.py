"""Badges as JSON."""

from rest_framework import serializers

from badges.models import BadgeDefinition, EarnedBadge


class BadgeDefinitionSerializer(serializers.ModelSerializer[BadgeDefinition]):
    imageUrl = serializers.CharField(source="image_url")
    requiredForTier = serializers.IntegerField(source="required_for_tier", allow_null=True)

    class Meta:
        model = BadgeDefinition
        fields = ["slug", "name", "description", "imageUrl", "requiredForTier"]
        read_only_fields = fields


class EarnedBadgeSerializer(serializers.ModelSerializer[EarnedBadge]):
    slug = serializers.CharField(source="definition.slug")
    name = serializers.CharField(source="definition.name")
    description = serializers.CharField(source="definition.description")
    imageUrl = serializers.CharField(source="definition.image_url")
    requiredForTier = serializers.IntegerField(
        source="definition.required_for_tier", allow_null=True
    )
    earnedAt = serializers.DateTimeField(source="earned_at")
    activatedAt = serializers.DateTimeField(source="activated_at", allow_null=True)
    consumedAt = serializers.DateTimeField(source="consumed_at", allow_null=True)
    revokedAt = serializers.DateTimeField(source="revoked_at", allow_null=True)
    revokeReason = serializers.CharField(source="revoke_reason", help_text="Empty: not revoked")

    class Meta:
        model = EarnedBadge
        fields = [
            "id",
            "slug",
            "name",
            "description",
            "imageUrl",
            "requiredForTier",
            "status",
            "earnedAt",
            "activatedAt",
            "consumedAt",
            "revokedAt",
            "revokeReason",
        ]
        read_only_fields = fields


class AwardSerializer(serializers.Serializer[None]):
    walletAddress = serializers.CharField(max_length=44)


class RevokeSerializer(serializers.Serializer[None]):
    walletAddress = serializers.CharField(max_length=44)
    reason = serializers.CharField(max_length=200, help_text="The member reads it")
