// @ts-check
/** What just happened, as notices in a corner that go by themselves. */

import { byId, config } from "./config.js";

const SHOWN_FOR = 5_000; // milliseconds
const TOGETHER = 250; // milliseconds
const MOST = 3;
const WITHIN = 10_000; // milliseconds
let after = config.head;
let timer = 0;

/** Fetches the sentences for what came behind the last ones. */
export function showNews() {
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
      setTimeout(() => item.remove(), SHOWN_FOR);
    }
    while (list.children.length > MOST) list.firstElementChild?.remove();
  } catch {
    // They are on the activity page all the same.
  }
}
