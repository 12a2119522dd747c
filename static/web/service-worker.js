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
