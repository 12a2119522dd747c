"""What comes to the post office of the running system."""

import re
import time
from email.message import EmailMessage

from tests.e2e.conftest import QuickSystem
from tests.e2e.member import Member


def letters_to(system: QuickSystem, address: str, *, at_least: int) -> list[EmailMessage]:
    for _ in range(200):
        found = [letter for letter in system.office.letters if letter["To"] == address]
        if len(found) >= at_least:
            return found
        time.sleep(0.1)
    raise AssertionError(f"Only {len(found)} letters came to {address}.")


def give_address(system: QuickSystem, member: Member, address: str) -> None:
    """Confirmed by the button behind the letter's link."""
    given = member.http.put("/api/v1/user/notification-email", json={"address": address})
    assert given.status_code == 202, given.text
    [letter] = letters_to(system, address, at_least=1)
    body = letter.get_body(("plain",))
    assert body is not None
    link = re.search(r"/mail/verify/\S+", body.get_content())
    assert link is not None
    member.http.post(link[0]).raise_for_status()
