"""What is asked of the leaderboards, and the shapes of the answers."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from analytics.models import Period
from nft.services.judging import usd


class BoardQuery(serializers.Serializer[Any]):
    period = serializers.ChoiceField(choices=Period.values, default=Period.ALL.value)
    date = serializers.DateField(
        required=False, help_text="A day (UTC) of the period; default: today"
    )


class PageQuery(BoardQuery):
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)
    cursor = serializers.CharField(required=False, help_text="From `next`")


class PlaceQuery(BoardQuery):
    around = serializers.IntegerField(
        min_value=0, max_value=20, default=2, help_text="Neighbours on each side"
    )


class EntrySerializer(serializers.Serializer[Any]):
    rank = serializers.IntegerField(help_text="From 1; of equal scores the first to have it")
    member = serializers.CharField(help_text="A shortened wallet address")
    score = serializers.IntegerField(
        help_text="volume: US cents; level: a tier; badges, upgrades: how many"
    )


class PageSerializer(serializers.Serializer[Any]):
    results = EntrySerializer(many=True)
    next = serializers.URLField(allow_null=True)
    start = serializers.DateField(help_text="The first day of the period")


class NeighbourSerializer(EntrySerializer):
    isMe = serializers.BooleanField()


class PlaceSerializer(serializers.Serializer[Any]):
    rank = serializers.IntegerField(allow_null=True, help_text="Null without a score")
    score = serializers.IntegerField()
    members = serializers.IntegerField(help_text="How many have a score")
    entries = NeighbourSerializer(many=True, help_text="Me, and those around me")
    start = serializers.DateField()


class CountsField(serializers.DictField):
    child = serializers.IntegerField()


class MemberStatsSerializer(serializers.Serializer[Any]):
    """Counts by status as they are now; the rest as the event log told it, a moment behind."""

    volume = serializers.SerializerMethodField()
    trades = serializers.IntegerField(source="counts.trades")
    level = serializers.IntegerField(source="counts.level", allow_null=True)
    nfts = CountsField(source="counts.nfts", help_text="By status")
    badges = CountsField(source="counts.badges", help_text="By status")
    upgrades = CountsField(source="counts.upgrades", help_text="By status")
    nftsByTier = CountsField(source="nfts_by_tier", help_text="Held now, by level")
    badgesEarned = serializers.IntegerField(source="badges_earned")
    badgesConsumed = serializers.IntegerField(source="badges_consumed")
    upgradesStarted = serializers.IntegerField(source="upgrades_started")
    upgradesCompleted = serializers.IntegerField(source="upgrades_completed")
    successRate = serializers.FloatField(
        source="success_rate", allow_null=True, help_text="Completed of those that ended, 0 to 1"
    )
    averageUpgradeMs = serializers.IntegerField(source="average_upgrade_ms", allow_null=True)
    fastestUpgradeMs = serializers.IntegerField(source="fastest_upgrade_ms", allow_null=True)

    @extend_schema_field(serializers.CharField(help_text="US dollars"))
    def get_volume(self, stats: Any) -> str:
        return usd(stats.counts.volume)
