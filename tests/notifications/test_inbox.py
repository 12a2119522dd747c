"""The inbox over HTTP: pages, the unread, reading, and whose it is."""

import pytest
from django.test import Client

from core.ids import uuid7
from tests.notifications.parts import earn, inbox, new_user, settle, signed_in, told

pytestmark = pytest.mark.django_db
INBOX = "/api/v1/user/notifications"


def unread(client: Client) -> int:
    count: int = client.get(f"{INBOX}/unread-count").json()["unreadCount"]
    return count


def test_the_inbox_comes_newest_first_in_pages() -> None:
    user = new_user()
    for name in ("one", "two", "three"):
        earn(user, name)
    settle()
    client = signed_in(user)
    first = client.get(f"{INBOX}?limit=2").json()
    second = client.get(first["next"]).json()
    titles = [row["title"] for row in [*first["results"], *second["results"]]]
    assert titles == [f"New badge: {name}" for name in ("three", "two", "one")]
    assert second["next"] is None
    assert set(first["results"][0]) == {
        "id", "type", "priority", "title", "message", "link", "createdAt", "readAt",
    }  # fmt: skip


def test_reading_one_takes_it_off_the_count_in_every_tab_and_once() -> None:
    user = new_user()
    earn(user, "one")
    earn(user, "two")
    settle()
    client, newest = signed_in(user), inbox(user)[0]
    for _ in range(2):
        answer = client.post(f"{INBOX}/{newest.id}/read")
        assert (answer.status_code, answer.json()["readAt"] is None) == (200, False)
    assert unread(client) == 1
    assert [row["title"] for row in client.get(f"{INBOX}?unread=true").json()["results"]] == [
        "New badge: one"
    ]
    assert told(user, "notifications_read") == [
        {"notificationIds": [str(newest.id)], "everything": False, "unreadCount": 1}
    ]


def test_reading_all_leaves_none_and_is_told_once() -> None:
    user = new_user()
    earn(user, "one")
    earn(user, "two")
    settle()
    client = signed_in(user)
    for _ in range(2):
        assert client.post(f"{INBOX}/read-all").json() == {"unreadCount": 0}
    assert client.get(f"{INBOX}?unread=true").json()["results"] == []
    assert told(user, "notifications_read") == [
        {"notificationIds": [], "everything": True, "unreadCount": 0}
    ]


def test_nobody_else_sees_or_reads_it() -> None:
    owner, stranger = new_user(), signed_in(new_user())
    earn(owner)
    settle()
    [row] = inbox(owner)
    assert stranger.get(INBOX).json()["results"] == []
    for unknown in (row.id, uuid7()):
        assert stranger.post(f"{INBOX}/{unknown}/read").status_code == 404
    assert stranger.post(f"{INBOX}/read-all").status_code == 200
    assert Client().get(INBOX).status_code == Client().get(f"{INBOX}/unread-count").status_code
    assert Client().get(INBOX).status_code == 401
    assert inbox(owner)[0].read_at is None


def test_a_filter_that_is_no_truth_value_is_refused() -> None:
    assert signed_in(new_user()).get(f"{INBOX}?unread=perhaps").status_code == 400
