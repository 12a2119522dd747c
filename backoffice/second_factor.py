"""The second factor of staff: a code of their authenticator, or one of their recovery codes."""

import io

from django.db import transaction
from django_otp import verify_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.qr import write_qrcode_image

from accounts.models import User

RECOVERY_CODES = 10
CODE_DIGITS = 6
AUTHENTICATOR, RECOVERY = "authenticator", "recovery codes"


def authenticator_of(user: User) -> TOTPDevice | None:
    """The one that counts; None before somebody enrolled."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


@transaction.atomic
def begin_enrolment(*, user: User) -> TOTPDevice:
    """The authenticator that waits for its first code; the same until it has come."""
    User.objects.select_for_update().get(pk=user.pk)  # two tabs get one
    waiting = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    return waiting or TOTPDevice.objects.create(user=user, name=AUTHENTICATOR, confirmed=False)


@transaction.atomic
def enrol(*, user: User, code: str) -> TOTPDevice | None:
    """Make the waiting authenticator the one that counts, in place of any before it.

    None for a wrong code: each one makes the next wait longer.
    """
    waiting = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    if waiting is None or not waiting.verify_token(code):
        return None
    TOTPDevice.objects.filter(user=user, confirmed=True).delete()
    waiting.confirmed = True
    waiting.save()
    return waiting


@transaction.atomic
def new_recovery_codes(*, user: User) -> list[str]:
    """Each is good for one sign-in; those from before are void."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name=RECOVERY)
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def check_code(*, user: User, code: str) -> TOTPDevice | StaticDevice | None:
    """The device that the code is of. One code counts once, and failures make the next wait."""
    typed = "".join(code.split()).lower()
    kind = TOTPDevice if typed.isdigit() and len(typed) == CODE_DIGITS else StaticDevice
    device = kind.objects.filter(user=user, confirmed=True).first()
    found: TOTPDevice | StaticDevice | None = device and verify_token(
        user, device.persistent_id, typed
    )
    return found


def forget_second_factor(*, user: User) -> int:
    """Until they enrol anew, which their next sign-in asks for; how many devices that were.

    Sessions that the devices let in have to show a second factor again.
    """
    devices = (TOTPDevice.objects.filter(user=user), StaticDevice.objects.filter(user=user))
    return sum(int(found.delete()[0]) for found in devices)


def qr_code(device: TOTPDevice) -> bytes:
    """What an authenticator scans, as SVG."""
    out = io.BytesIO()
    write_qrcode_image(device.config_url, out)
    return out.getvalue()
