// @ts-check
/** The inbox: what I was told, newest first, and reading it. */

import { get, post } from "./api.js";
import { countUnread } from "./bell.js";
import { byId, config, text } from "./config.js";
import { element } from "./elements.js";
import "./preferences.js";

const list = /** @type {HTMLElement} */ (byId("inbox"));
const INBOX = "/api/v1/user/notifications";

/**
 * @typedef {{ id: string, title: string, message: string, link: string, priority: string,
 *   createdAt: string, readAt: string | null }} Notice
 */

/** @param {Notice} notice */
function line(notice) {
  const title = element("strong", {}, notice.title);
  const link = /^\/(?!\/)/.test(notice.link) ? element("a", { href: notice.link }, title) : title;
  const when = new Date(notice.createdAt).toLocaleString(config.language, { dateStyle: "medium", timeStyle: "short" });
  const row = element(
    "li",
    {},
    element("span", { class: notice.readAt ? "dot" : "dot good" }),
    element("span", { class: "grow" }, link, element("br"), element("span", { class: "small soft" }, notice.message), element("br"), element("time", { datetime: notice.createdAt }, when)),
  );
  if (!notice.readAt) row.append(readButton(notice));
  return row;
}

/** @param {Notice} notice */
function readButton(notice) {
  const button = element("button", { class: "slim", type: "button" }, text("markRead"));
  button.append(element("span", { class: "hidden" }, ` ${notice.title}`));
  button.addEventListener("click", async () => {
    button.disabled = true;
    await post(`${INBOX}/${notice.id}/read`).catch(() => {});
    await show();
  });
  return button;
}

async function show() {
  try {
    const { results } = await get(INBOX);
    const none = element("li", { class: "soft" }, text("noNotifications"));
    list.replaceChildren(...(results.length ? results.map(line) : [none]));
  } catch {
    list.replaceChildren(element("li", { class: "soft" }, text("missingPart")));
  }
  list.removeAttribute("aria-busy");
  void countUnread();
}

byId("read-all")?.addEventListener("click", async () => {
  await post(`${INBOX}/read-all`).catch(() => {});
  await show();
});
document.addEventListener("page:event", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.type.startsWith("notification")) void show();
});
void show();
