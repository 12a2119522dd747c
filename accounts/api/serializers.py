"""Shapes of the sign-in calls."""

from rest_framework import serializers

from accounts.models import User


class NonceSerializer(serializers.Serializer):
    nonce = serializers.CharField()
    message = serializers.CharField(help_text="Sign these exact bytes (UTF-8).")
    expiresAt = serializers.DateTimeField(source="expires_at")


class SignInInput(serializers.Serializer):
    address = serializers.CharField(max_length=44)
    message = serializers.CharField(
        max_length=2000, trim_whitespace=False, help_text="As the nonce call returned it."
    )
    signature = serializers.CharField(max_length=100, help_text="64 bytes in base58.")


class UserSerializer(serializers.ModelSerializer):
    walletAddress = serializers.CharField(source="wallet_address", allow_null=True)
    roles = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = User
        fields = ["id", "walletAddress", "roles"]


class TokensSerializer(serializers.Serializer):
    access = serializers.CharField()
    refresh = serializers.CharField()


class SignedInSerializer(TokensSerializer):
    access = serializers.CharField(source="tokens.access")
    refresh = serializers.CharField(source="tokens.refresh")
    user = UserSerializer()


class RefreshInput(serializers.Serializer):
    refresh = serializers.CharField(max_length=4000)


class SignOutInput(serializers.Serializer):
    refresh = serializers.CharField(max_length=4000, required=False)


class TicketSerializer(serializers.Serializer):
    ticket = serializers.CharField()
    expiresIn = serializers.IntegerField(source="expires_in", help_text="seconds")
