"""Web Push, to a real receiver that decrypts what it got and checks who sent it.

Asked here: the same push twice? a browser that is gone, or somebody else's now? a service that
wants fewer of us? an address that leads into our own house?
"""

from datetime import timedelta

import pytest
from django.test import Client
from http_ece import ECEException

from accounts.models import User
from notifications.channels import outside
from notifications.channels.network import is_public
from notifications.models import Delivery, Notification, Provider, PushSubscription
from tests.notifications.parts import (
    NOW,
    SOON,
    attempt,
    earn,
    new_user,
    settle,
    signed_in,
)
from tests.notifications.receivers import Browser, PushService, topic_id

pytestmark = pytest.mark.django_db
SUBSCRIPTIONS = "/api/v1/user/push-subscriptions"


def subscribed(user: User, browser: Browser) -> Client:
    client = signed_in(user)
    answer = client.post(SUBSCRIPTIONS, browser.subscription, content_type="application/json")
    assert answer.status_code in {200, 201}, answer.content
    assert browser.endpoint not in answer.content.decode()
    return client


def planned(*browsers: Browser) -> list[Delivery]:
    """What waits to be pushed to a member's browsers, in their order."""
    user = new_user()
    for browser in browsers:
        subscribed(user, browser)
    earn(user)
    settle()
    Delivery.objects.update(next_run_at=NOW, expires_at=NOW + timedelta(hours=48))
    rows = PushSubscription.objects.in_bulk()
    by_endpoint = {
        rows[key].endpoint: delivery
        for delivery in Delivery.objects.filter(user_id=user.id)
        for key in rows
        if str(key) == delivery.target
    }
    return [by_endpoint[browser.endpoint] for browser in browsers]


def test_a_push_can_be_read_by_its_browser_alone_and_proves_its_sender(
    push_service: PushService, settings
) -> None:
    browser = push_service.browser()
    [delivery] = planned(browser)
    assert attempt(delivery, now=NOW).status == "sent"
    [push] = push_service.pushes
    row = Notification.objects.get()
    said = browser.read(push.body)
    assert (said["title"], said["link"]) == ("New badge: First Steps", "/badges")
    assert said["notificationId"] == said["tag"] == str(row.id) == str(topic_id(push))
    assert b"First Steps" not in push.body
    assert push.proof(push_service.origin)["sub"] == "mailto:ops@example.org"
    assert settings.VAPID_KEY.public_key in push.headers["authorization"]
    assert (push.headers["content-encoding"], push.headers["urgency"]) == ("aes128gcm", "normal")
    with pytest.raises(ECEException):  # another browser's keys
        push_service.browser().read(push.body)


def test_every_browser_gets_its_own_and_a_dead_one_is_forgotten(push_service: PushService) -> None:
    dead, alive = push_service.browser(), push_service.browser()
    first, second = planned(dead, alive)
    push_service.answers = [(410, {})]
    assert attempt(first, now=NOW).status == "dead"
    assert attempt(second, now=NOW + SOON).status == "sent"
    assert [row.endpoint for row in PushSubscription.objects.all()] == [alive.endpoint]


def test_a_service_that_wants_fewer_is_left_alone_for_as_long_as_it_says(
    push_service: PushService,
) -> None:
    first, second = planned(push_service.browser(), push_service.browser())
    push_service.answers = [(429, {"Retry-After": "120"})]
    first = attempt(first, now=NOW)
    assert (first.status, first.next_run_at) == ("waiting", NOW + timedelta(seconds=120))
    second = attempt(second, now=NOW + SOON)
    assert (second.status, len(push_service.pushes)) == ("waiting", 1)
    assert first.failures == second.failures == 0
    later = NOW + timedelta(seconds=125)
    assert attempt(first, now=later).status == "sent"
    assert attempt(second, now=later + SOON).status == "sent"


def test_a_service_that_breaks_or_vanishes_is_tried_again(push_service: PushService) -> None:
    [delivery] = planned(push_service.browser())
    push_service.answers = [(503, {})]
    assert attempt(delivery, now=NOW).status == "waiting"
    assert Provider.objects.get().failures == 1
    push_service.close()
    later = delivery.next_run_at + SOON
    assert attempt(delivery, now=later).status == "waiting"
    assert delivery.log.order_by("-id")[0].detail in {
        "ClientConnectorError",
        "ServerDisconnectedError",
    }


def test_a_redirect_is_not_followed(push_service: PushService) -> None:
    [delivery] = planned(push_service.browser())
    push_service.answers = [(307, {"Location": f"{push_service.origin}/elsewhere"})]
    assert attempt(delivery, now=NOW).status == "dead"
    assert len(push_service.pushes) == 1


def test_a_browser_belongs_to_whoever_signed_in_last(push_service: PushService) -> None:
    browser = push_service.browser()
    [delivery] = planned(browser)
    newcomer = new_user()
    subscribed(newcomer, browser)
    assert PushSubscription.objects.get().user_id == newcomer.id
    assert attempt(delivery, now=NOW).status == "skipped"
    assert push_service.pushes == []


def test_a_browser_can_leave_and_nobody_else_can_make_it(push_service: PushService) -> None:
    user, browser = new_user(), push_service.browser()
    client = subscribed(user, browser)
    assert subscribed(user, browser).get(SUBSCRIPTIONS).json()["results"][0].keys() == {
        "id", "createdAt",
    }  # fmt: skip
    body = {"endpoint": browser.endpoint}
    stranger = signed_in(new_user())
    for who, status in ((stranger, 404), (client, 204), (client, 404)):
        answer = who.delete(SUBSCRIPTIONS, body, content_type="application/json")
        assert answer.status_code == status
    assert client.get(SUBSCRIPTIONS).json()["results"] == []


def test_the_eleventh_browser_takes_the_place_of_the_first(push_service: PushService) -> None:
    user = new_user()
    browsers = [push_service.browser() for _ in range(11)]
    for browser in browsers:
        subscribed(user, browser)
    kept = {row.endpoint for row in PushSubscription.objects.all()}
    assert kept == {browser.endpoint for browser in browsers[1:]}


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.org/x",
        "https://127.0.0.1/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://[64:ff9b::a00:1]/x",
        "https://push.example.org:5432/x",
        "https://user@push.example.org/x",
        "https:///x",
        "https://[broken/x",
        "ftp://push.example.org/x",
        "javascript:alert(1)",
    ],
)
def test_an_endpoint_inside_the_house_is_refused(
    endpoint: str, push_service: PushService, settings
) -> None:
    settings.PUSH_LOOPBACK_ALLOWED = False
    body = {**push_service.browser().subscription, "endpoint": endpoint}
    answer = signed_in(new_user()).post(SUBSCRIPTIONS, body, content_type="application/json")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_ENDPOINT")
    assert PushSubscription.objects.count() == 0


async def test_a_name_that_leads_inside_is_not_connected_to(settings) -> None:
    """The name is public when it is given, and resolves to our own machine when it is used."""
    settings.PUSH_LOOPBACK_ALLOWED = False
    with pytest.raises(outside.Unreachable, match="ClientConnector"):
        await outside.post("https://localhost/x", b"x", {})
    assert is_public("8.8.8.8")
    assert is_public("2606:4700::1111")
    assert not is_public("239.1.1.1")


@pytest.mark.parametrize(
    "broken", [{"p256dh": "AAAA"}, {"auth": "AAAA"}, {"auth": "é"}, {"p256dh": None}]
)
def test_keys_that_cannot_be_encrypted_to_are_refused(
    broken: dict, push_service: PushService
) -> None:
    body = push_service.browser().subscription
    body["keys"] |= broken
    answer = signed_in(new_user()).post(SUBSCRIPTIONS, body, content_type="application/json")
    assert answer.status_code == 400
    assert set(answer.json()["details"]["fields"]) == {"keys"}


def test_without_a_key_there_is_no_push(push_service: PushService, settings) -> None:
    client = signed_in(new_user())
    public = client.get("/api/v1/push-public-key").json()["publicKey"]
    assert public == settings.VAPID_KEY.public_key
    settings.VAPID_KEY = None
    assert client.get("/api/v1/push-public-key").status_code == 404
    body = push_service.browser().subscription
    assert client.post(SUBSCRIPTIONS, body, content_type="application/json").status_code == 409
