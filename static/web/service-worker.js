// @ts-check
/** Shows what is pushed while no page is open, and opens the page that it names. */

self.addEventListener("push", (event) => {
  const push = /** @type {any} */ (event);
  const { title = "AIW3 NFT", message = "", link = "/notifications", tag } = read(push.data);
  push.waitUntil(
    /** @type {any} */ (self).registration.showNotification(title, { body: message, tag, data: { link } }),
  );
});

self.addEventListener("notificationclick", (event) => {
  const click = /** @type {any} */ (event);
  click.notification.close();
  const target = new URL(click.notification.data?.link ?? "/", self.location.origin);
  if (target.origin !== self.location.origin) return;
  click.waitUntil(show(target.href));
});

/** @param {any} data */
function read(data) {
  try {
    return data?.json() ?? {};
  } catch {
    return {};
  }
}

/**
 * In the tab that shows this page already, else in a new one.
 *
 * @param {string} href
 */
async function show(href) {
  const { clients } = /** @type {any} */ (self);
  const tabs = await clients.matchAll({ type: "window" });
  const there = tabs.find((/** @type {{ url: string }} */ tab) => tab.url === href);
  return there ? there.focus() : clients.openWindow(href);
}
