"""A member hears of what concerns them, in their language, until they say stop."""

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import QuickSystem
from tests.e2e.mail import give_address, letters_to
from tests.e2e.member import EVENTS, Member

pytestmark = pytest.mark.e2e
ADDRESS = "bea@example.org"
INBOX = "/api/v1/user/notifications"


@pytest.fixture
def newcomer(system: QuickSystem) -> Iterator[Member]:
    someone = Member(system)
    with someone.http:
        someone.sign_in()
        yield someone


def award(member: Member, number: int) -> None:
    tiers = member.get("/api/v1/tiers")["results"]
    slug = [slug for tier in tiers for slug in tier["requiredBadges"]][number]
    member.serve(f"/api/v1/badges/{slug}/award", {"walletAddress": member.address})


def test_inbox_feed_and_letters_in_my_language_and_one_click_ends_the_letters(
    system: QuickSystem, newcomer: Member
) -> None:
    give_address(system, newcomer, ADDRESS)
    newcomer.http.put(
        "/api/v1/user/notification-preferences", json={"language": "de"}
    ).raise_for_status()
    award(newcomer, 0)
    heard = newcomer.read(EVENTS, after=0, until="notification_created")[-1]
    assert heard.body["data"]["title"].startswith("Neues Abzeichen: ")
    assert newcomer.get(f"{INBOX}/unread-count") == {"unreadCount": 1}
    letter = letters_to(system, ADDRESS, at_least=2)[-1]
    assert letter["Subject"] == heard.body["data"]["title"]
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    leave = letter["List-Unsubscribe"].strip("<> ")
    newcomer.http.post(leave, data={"List-Unsubscribe": "One-Click"}).raise_for_status()
    assert newcomer.post(f"{INBOX}/read-all") == {"unreadCount": 0}
    read = newcomer.read(EVENTS, after=heard.id, until="notifications_read")[-1]
    assert read.body["data"]["unreadCount"] == 0

    award(newcomer, 1)  # told in the inbox, and by no letter
    newcomer.read(EVENTS, after=read.id, until="notification_created")
    newcomer.http.delete("/api/v1/user/notification-email").raise_for_status()
    give_address(system, newcomer, "later@example.org")  # which comes after what was sent before
    assert len(letters_to(system, ADDRESS, at_least=2)) == 2
    assert len(newcomer.get(INBOX)["results"]) == 2
