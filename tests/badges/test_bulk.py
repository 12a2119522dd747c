"""A CSV of awards: all of it or nothing, and a word about every line."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from badges.bulk import MOST_LINES, award_from_csv
from badges.models import BadgeDefinition, EarnedBadge
from core.errors import InvalidInput
from tests.badges.parts import NOW, award, define, new_user, told
from tests.badges.test_admin import LIST, admin
from tests.trading.parts import new_wallet

__all__ = ["admin"]  # a fixture
pytestmark = pytest.mark.django_db
PAGE = f"{LIST}award-csv/"


def upload(admin: Client, text: str | bytes, **fields: str) -> Any:
    content = text.encode() if isinstance(text, str) else text
    form = {"file": SimpleUploadedFile("a.csv", content), "reason": "the launch", **fields}
    return admin.post(PAGE, form)


def outcomes(response: Any) -> list[tuple[int, str]]:
    return [(row[0], row[3]) for row in response.context["rows"][1:]]


def test_a_dry_run_reports_by_line_and_changes_nothing(admin: Client) -> None:
    define("whale", "pioneer")
    user, stranger = new_user(), new_wallet()
    award(user, "whale")
    text = f"wallet,badge\n{user.wallet_address},whale\n\n{stranger},pioneer\n"
    response = upload(admin, text, dry_run="on")
    assert outcomes(response) == [(2, "had already: earned"), (4, "would be awarded")]
    assert EarnedBadge.objects.count() == 1
    assert not User.objects.filter(wallet_address=stranger).exists()


def test_a_right_file_awards_and_again_changes_nothing(admin: Client) -> None:
    define("whale", "pioneer")
    wallet = new_wallet()
    text = f"\ufeffBadge, Wallet\r\nwhale,{wallet}\r\npioneer, {wallet}\r\n"
    assert outcomes(upload(admin, text)) == [(2, "awarded"), (3, "awarded")]
    EarnedBadge.objects.get(definition__slug="pioneer").revoke(reason="fraud", now=NOW)
    assert outcomes(upload(admin, text)) == [
        (2, "had already: earned"),
        (3, "had already: revoked"),
    ]
    user = User.objects.get(wallet_address=wallet)
    assert EarnedBadge.objects.filter(user=user).count() == 2
    assert len(told(user.id, "badge_earned")) == 2
    reasons = {badge.history.earliest("id").reason for badge in EarnedBadge.objects.all()}
    assert reasons == {"awarded by admin root: the launch"}


def test_one_wrong_line_is_named_and_nothing_is_awarded(admin: Client) -> None:
    define("whale", "retired")
    BadgeDefinition.objects.filter(slug="retired").update(is_active=False)
    good, other = new_wallet(), new_wallet()
    lines = [
        f"{good},whale", "\x00,whale", "=HYPERLINK(1),whale", f"{other},nothing", f"{other},retired",
        f"{good},whale", f"{other}", f"{other},whale,more",
    ]  # fmt: skip
    response = upload(admin, "\n".join(["wallet,badge", *lines]))
    assert outcomes(response) == [
        (2, "would be awarded"),
        (3, "This is not a Solana wallet address."),
        (4, "This is not a Solana wallet address."),
        (5, "There is no such badge, or it is no longer given."),
        (6, "There is no such badge, or it is no longer given."),
        (7, "The same as line 2."),
        (8, "1 cells instead of 2"),
        (9, "3 cells instead of 2"),
    ]
    assert "Nothing was awarded: 7 of 8 lines are wrong." in response.content.decode()
    assert not EarnedBadge.objects.exists()
    assert not User.objects.filter(wallet_address=good).exists()


def test_the_report_is_a_file_without_formulas(admin: Client) -> None:
    define("whale")
    response = upload(admin, "wallet,badge\n=1+1,@whale\n", as_file="1")
    assert response["Content-Disposition"] == 'attachment; filename="report.csv"'
    _, row = csv.reader(io.StringIO(response.content.decode(), newline=""))
    assert row == ["2", "'=1+1", "'@whale", "This is not a Solana wallet address."]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"wallet\nx\n",
        b"wallet,badge,more\n",
        b"\xff\xfe\x00",
        b'wallet,badge\n"open,whale\n',
        b"wallet,badge\n" + b"x,whale\n" * (MOST_LINES + 1),
        b"wallet,badge\n" + b"x" * 600_000,
    ],
)
def test_what_is_no_such_file_is_refused_as_a_whole(content: bytes) -> None:
    with pytest.raises(InvalidInput, match=r".+"):
        award_from_csv(content=content, now=NOW, source="test", dry_run=False)
    assert not EarnedBadge.objects.exists()


def test_a_file_that_cannot_be_read_is_told_on_the_form(admin: Client) -> None:
    response = upload(admin, "wallet;badge\n")
    assert "The first line must be" in response.content.decode()
    assert upload(admin, "").status_code == 200
    assert b"award-csv" in admin.get(LIST).content


def test_only_who_may_award_may_upload() -> None:
    clerk = User.objects.create(username="clerk", is_staff=True)
    client = Client()
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    assert upload(client, "wallet,badge\n").status_code == 403


def test_badges_are_exported_without_formulas(admin: Client) -> None:
    define("whale")
    (badge,) = award(new_user(), "whale")
    badge.revoke(reason="=cmd()", now=NOW)
    form = {"action": "export", "_selected_action": [str(badge.id)]}
    text = admin.post(LIST, form).content.decode()
    assert "'=cmd()" in text
    assert (badge.user.wallet_address or "nobody") in text
