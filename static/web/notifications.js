// @ts-check
/** The inbox: what I was told, newest first, and reading it. */

import { csrfToken, get, post } from "./api.js";
import { countUnread } from "./bell.js";
import { whileBusy } from "./busy.js";
import { byId, text, when } from "./config.js";
import { element, refill } from "./elements.js";
import "./preferences.js";

const list = /** @type {HTMLElement} */ (byId("inbox"));
const more = /** @type {HTMLElement} */ (byId("inbox-more"));
const older = /** @type {HTMLButtonElement} */ (more.querySelector("button"));
const INBOX = "/api/v1/user/notifications";

/**
 * @typedef {{ id: string, title: string, message: string, link: string, priority: string,
 *   createdAt: string, readAt: string | null }} Notice
 */

/** Shown so far, the newest first. @type {Notice[]} */
let shown = [];
/** Where the older ones are. @type {string | null} */
let next = null;

/** @param {Notice} notice */
function line(notice) {
  const [url, id] = [/^\/(?!\/)/.test(notice.link) ? notice.link : undefined, `notice-${notice.id}`];
  const title = url
    ? element("a", { id, href: url }, element("strong", {}, notice.title))
    : element("strong", { id, tabindex: "-1" }, notice.title);
  if (url && !notice.readAt) title.addEventListener("click", () => readInPassing(notice));
  const row = element(
    "li",
    notice.readAt ? { class: "read" } : {},
    element("span", { class: notice.readAt ? "dot" : "dot good" }),
    element("span", { class: "grow" }, title, element("br"), element("span", { class: "small soft" }, notice.message), element("br"), element("time", { datetime: notice.createdAt }, when(notice.createdAt))),
  );
  if (!notice.readAt) row.append(readButton(notice));
  return row;
}

/**
 * Goes on while the page is being left.
 *
 * @param {Notice} notice
 */
function readInPassing({ id }) {
  const headers = { "X-CSRFToken": csrfToken() };
  fetch(`${INBOX}/${id}/read`, { method: "POST", headers, keepalive: true }).catch(() => {});
}

/** @param {Notice} notice */
function readButton(notice) {
  const button = element("button", { class: "slim", type: "button" }, text("markRead"));
  button.append(element("span", { class: "hidden" }, ` ${notice.title}`));
  button.addEventListener("click", () => {
    byId(`notice-${notice.id}`)?.focus(); // the button goes
    void post(`${INBOX}/${notice.id}/read`).catch(() => {}).then(show);
  });
  return button;
}

/** As many as were shown before, and what is new. */
async function show() {
  try {
    const most = Math.max(50, Math.min(200, shown.length));
    const page = await get(`${INBOX}?limit=${most}`);
    [shown, next] = [page.results, page.next];
    draw();
  } catch {
    refill(list, [element("li", { class: "soft" }, text("missingPart"))]);
  }
  list.removeAttribute("aria-busy");
  void countUnread();
}

function draw() {
  const none = element("li", { class: "soft" }, text("noNotifications"));
  refill(list, shown.length ? shown.map(line) : [none]);
  more.hidden = !next;
}

older.addEventListener("click", () =>
  whileBusy(older, async () => {
    const address = new URL(next ?? INBOX, location.href);
    const page = await get(address.pathname + address.search).catch(() => null);
    if (!page) return;
    [shown, next] = [[...shown, ...page.results], page.next];
    draw();
    byId(`notice-${page.results[0]?.id}`)?.focus();
  }),
);
byId("read-all")?.addEventListener("click", async () => {
  await post(`${INBOX}/read-all`).catch(() => {});
  await show();
});
document.addEventListener("page:event", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.type.startsWith("notification")) void show();
});
void show();
