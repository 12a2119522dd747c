// @ts-check
/** What just happened, as notices in a corner that go by themselves. */

import { byId, config, text } from "./config.js";
import { element } from "./elements.js";

const SHOWN_FOR = 5_000; // milliseconds
const TOGETHER = 250; // milliseconds
const MOST = matchMedia("(max-width: 759px)").matches ? 1 : 3;
const WITHIN = 10_000; // milliseconds
let after = config.head;
let timer = 0;

/** Fetches the sentences for what came behind the last ones. */
export function showNews() {
  if (document.querySelector("[data-tells-itself]")) return;
  clearTimeout(timer);
  timer = window.setTimeout(fetchNews, TOGETHER);
}

async function fetchNews() {
  const list = byId("toasts");
  try {
    const signal = AbortSignal.timeout(WITHIN);
    const response = await fetch(`/activity/news?after=${after}`, { redirect: "error", signal });
    if (!response.ok || !list) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const item of page.querySelectorAll("li")) {
      after = Math.max(after, Number(item.dataset.sequence));
      list.append(document.adoptNode(item));
      item.append(closer(item));
      leaveSoon(item);
    }
    while (list.children.length > MOST) list.firstElementChild?.remove();
  } catch {
    // They are on the activity page all the same.
  }
}

/** @param {HTMLElement} item */
function closer(item) {
  const button = element("button", { type: "button", "aria-label": text("close") }, "×");
  button.addEventListener("click", () => item.remove());
  return button;
}

/**
 * Not while somebody reads it.
 *
 * @param {HTMLElement} item
 */
function leaveSoon(item) {
  setTimeout(() => (item.matches(":hover, :focus-within") ? leaveSoon(item) : item.remove()), SHOWN_FOR);
}
