"""The inbox and its settings as JSON."""

from base64 import urlsafe_b64decode
from datetime import time
from typing import Any
from zoneinfo import available_timezones

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from rest_framework import serializers

from notifications.kinds import KINDS, LANGUAGES, Priority
from notifications.models import EVERY_TYPE, Channel, Notification, PushSubscription
from notifications.services.preferring import Changes, Settings

# As JSON names them, and as the rows do.
CHANNELS = {"inApp": Channel.IN_APP, "email": Channel.EMAIL, "webPush": Channel.WEB_PUSH}


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    priority = serializers.ChoiceField(choices=Priority.choices)
    createdAt = serializers.DateTimeField(source="created_at")
    readAt = serializers.DateTimeField(source="read_at", allow_null=True)

    class Meta:
        model = Notification
        fields = ["id", "type", "priority", "title", "message", "link", "createdAt", "readAt"]
        read_only_fields = fields


class UnreadCountSerializer(serializers.Serializer[Any]):
    unreadCount = serializers.IntegerField()


class QuietHoursSerializer(serializers.Serializer[Any]):
    start = serializers.TimeField(format="%H:%M", input_formats=["%H:%M"])
    end = serializers.TimeField(format="%H:%M", input_formats=["%H:%M"])

    def validate(self, attrs: dict[str, time]) -> dict[str, time]:
        if attrs["start"] == attrs["end"]:
            raise serializers.ValidationError("Quiet hours need two different times.")
        return attrs


class ChannelsSerializer(serializers.Serializer[Any]):
    inApp = serializers.BooleanField(required=False)
    email = serializers.BooleanField(required=False)
    webPush = serializers.BooleanField(required=False)


class TypePreferenceSerializer(ChannelsSerializer):
    type = serializers.ChoiceField(choices=[(name, name) for name in sorted(KINDS)])
    priority = serializers.ChoiceField(choices=Priority.choices, read_only=True)


class MailAddressSerializer(serializers.Serializer[Any]):
    address = serializers.EmailField(max_length=254)
    verified = serializers.BooleanField(read_only=True)


class PreferencesSerializer(serializers.Serializer[Any]):
    """In a PUT a field that is left out stays as it is; `quietHours: null` ends them."""

    language = serializers.ChoiceField(choices=list(LANGUAGES.items()), required=False)
    timeZone = serializers.CharField(
        max_length=64, required=False, help_text="IANA name, as Europe/Berlin"
    )
    quietHours = QuietHoursSerializer(required=False, allow_null=True)
    channels = ChannelsSerializer(
        required=False, help_text="Whole channels; one that is off is off for every type"
    )
    types = TypePreferenceSerializer(many=True, required=False)
    email = MailAddressSerializer(read_only=True, allow_null=True)

    def validate_timeZone(self, value: str) -> str:
        if value not in available_timezones():
            raise serializers.ValidationError("This is no name of a time zone.")
        return value


def changes_of(given: dict[str, Any]) -> Changes:
    """From the fields of a PUT."""
    quiet = given.get("quietHours")
    wished = [(EVERY_TYPE, given.get("channels", {}))]
    wished += [(item["type"], item) for item in given.get("types", [])]
    return Changes(
        language=given.get("language"),
        time_zone=given.get("timeZone"),
        quiet=(quiet["start"], quiet["end"]) if quiet else None,
        no_quiet="quietHours" in given and quiet is None,
        wishes={
            (kind, channel): item[name]
            for kind, item in wished
            for name, channel in CHANNELS.items()
            if name in item
        },
    )


def preferences_json(settings: Settings) -> dict[str, Any]:
    person = settings.person
    quiet, email = None, None
    if person.quiet_from is not None and person.quiet_until is not None:
        quiet = {"start": person.quiet_from, "end": person.quiet_until}
    if person.email:
        email = {"address": person.email, "verified": bool(person.mail_address)}
    shown = {
        "language": person.language,
        "timeZone": person.time_zone,
        "quietHours": quiet,
        "channels": _named(settings.channels),
        "types": [
            {"type": kind, "priority": settings.priorities[kind], **_named(wanted)}
            for kind, wanted in settings.types.items()
        ],
        "email": email,
    }
    return dict(PreferencesSerializer(shown).data)


def _named(wanted: Any) -> dict[str, bool]:
    return {name: wanted[channel] for name, channel in CHANNELS.items()}


class PushKeysSerializer(serializers.Serializer[Any]):
    p256dh = serializers.CharField(max_length=120, help_text="Base64url, 65 bytes")
    auth = serializers.CharField(max_length=40, help_text="Base64url, 16 bytes")

    def validate_p256dh(self, value: str) -> str:
        try:
            EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _decoded(value))
        except ValueError:
            raise serializers.ValidationError("This is no point of P-256.") from None
        return value

    def validate_auth(self, value: str) -> str:
        if len(_decoded(value)) != 16:
            raise serializers.ValidationError("The secret has 16 bytes.")
        return value


def _decoded(value: str) -> bytes:
    """Raises ValidationError, without the value."""
    try:
        return urlsafe_b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4))
    except ValueError:
        raise serializers.ValidationError("This is no base64url.") from None


class SubscribeSerializer(serializers.Serializer[Any]):
    """What `PushSubscription.toJSON()` gives in a browser."""

    endpoint = serializers.CharField(max_length=1000)
    keys = PushKeysSerializer()


class EndpointSerializer(serializers.Serializer[Any]):
    endpoint = serializers.CharField(max_length=1000)


class PushSubscriptionSerializer(serializers.ModelSerializer[PushSubscription]):
    createdAt = serializers.DateTimeField(source="created_at")

    class Meta:
        model = PushSubscription
        fields = ["id", "createdAt"]
        read_only_fields = fields


class PublicKeySerializer(serializers.Serializer[Any]):
    publicKey = serializers.CharField(help_text="Base64url: `applicationServerKey`")
