// @ts-check
/** Shows what is pushed while no page is open, and opens the page that it names. */

self.addEventListener("push", (event) => {
  const push = /** @type {any} */ (event);
  const { title = "AIW3 NFT", body = "", url = "/notifications" } = read(push.data);
  push.waitUntil(
    /** @type {any} */ (self).registration.showNotification(title, { body, data: { url } }),
  );
});

self.addEventListener("notificationclick", (event) => {
  const click = /** @type {any} */ (event);
  click.notification.close();
  const target = new URL(click.notification.data?.url ?? "/", self.location.origin);
  if (target.origin !== self.location.origin) return;
  click.waitUntil(/** @type {any} */ (self).clients.openWindow(target.href));
});

/** @param {any} data */
function read(data) {
  try {
    return data?.json() ?? {};
  } catch {
    return {};
  }
}
