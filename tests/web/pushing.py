"""A push service for a browser that reaches none: the page's subscription leads to the tests'
receiver, and what that has decrypted is handed to the real service worker.
"""

import json
from typing import Any

from playwright.sync_api import CDPSession, Page

from tests.notifications.receivers import Browser

# Only where the browser would ask its vendor's service; everything else is the page's own.
STAND_IN = """(() => {
  const subscription = %s;
  const made = () => ({
    endpoint: subscription.endpoint,
    toJSON: () => subscription,
    unsubscribe: async () => { sessionStorage.removeItem("subscribed"); return true; },
  });
  PushManager.prototype.subscribe = async (options) => {
    sessionStorage.setItem("subscribed", JSON.stringify(options));
    return made();
  };
  PushManager.prototype.getSubscription = async () =>
    sessionStorage.getItem("subscribed") ? made() : null;
})();"""
SHOWN = """() => navigator.serviceWorker.ready
  .then((registration) => registration.getNotifications())
  .then((all) => all.map(({ title, body, tag, data }) => ({ title, body, tag, link: data.link })))"""
# The worker's own listener, with a click of ours: no tool can click what the desktop shows.
CLICK = """async () => {
  const [notification] = await self.registration.getNotifications();
  const click = new NotificationEvent("notificationclick", { notification });
  const opened = [];
  self.clients.openWindow = async (address) => void opened.push(address);
  let work;
  Object.defineProperty(click, "waitUntil", { value: (promise) => { work = promise; } });
  self.dispatchEvent(click);
  await work;
  return [opened, (await self.registration.getNotifications()).length];
}"""


def stand_in(page: Page, browser: Browser) -> None:
    page.add_init_script(STAND_IN % json.dumps(browser.subscription))


def asked_with(page: Page) -> dict[str, Any]:
    """What the page subscribed with."""
    found: dict[str, Any] = page.evaluate("JSON.parse(sessionStorage.getItem('subscribed'))")
    return found


def hand_over(page: Page, origin: str, message: dict[str, Any]) -> None:
    """To the service worker, as the browser does with a push that has come."""
    session = page.context.new_cdp_session(page)
    push = {
        "origin": origin,
        "registrationId": _registration(session, page),
        "data": json.dumps(message),
    }
    session.send("ServiceWorker.deliverPushMessage", push)
    session.detach()


def _registration(session: CDPSession, page: Page) -> str:
    known: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: known.extend(each["registrationId"] for each in told["registrations"]),
    )
    session.send("ServiceWorker.enable")
    while not known:
        page.wait_for_timeout(20)
    return known[0]


def shown(page: Page) -> list[dict[str, Any]]:
    """The notifications that the browser shows for this site."""
    found: list[dict[str, Any]] = page.evaluate(SHOWN)
    return found


def click(page: Page) -> tuple[list[str], int]:
    """The first of them. Returns what was opened, and how many are left."""
    opened, left = page.context.service_workers[0].evaluate(CLICK)
    return opened, left
