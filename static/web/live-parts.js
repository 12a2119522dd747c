// @ts-check
/**
 * Keeps a page up to date: its parts marked `data-live` (each with an id) are fetched anew and
 * replaced where they differ. So the server alone knows how they look, in every language.
 */

import { config } from "./config.js";

const TOGETHER = 120; // milliseconds; events that come in a burst cost one fetch
const WITHIN = 10_000; // milliseconds
let timer = 0;
let running = false;
let again = false;

/** Soon, and once for all calls until then. */
export function refreshSoon() {
  clearTimeout(timer);
  timer = window.setTimeout(refresh, TOGETHER);
}

export async function refresh() {
  if (!document.querySelector("[data-live]")) return;
  again = running;
  if (running) return;
  running = true;
  try {
    const signal = AbortSignal.timeout(WITHIN);
    const response = await fetch(location.href, { cache: "no-store", redirect: "error", signal });
    if (response.ok) take(await response.text());
  } catch {
    // The next event or turn asks again.
  } finally {
    running = false;
    if (again) refreshSoon();
  }
}

/** @param {string} html */
function take(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const part = fresh.getElementById(old.id);
    if (part && part.outerHTML !== old.outerHTML && !isBusy(old)) replace(old, part);
  }
  document.dispatchEvent(new CustomEvent("page:refreshed"));
}

/** @param {Element} part in which a wallet is being asked */
const isBusy = (part) => part.querySelector("[aria-busy]") !== null;

/**
 * @param {Element} old
 * @param {Element} part
 */
function replace(old, part) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(document.adoptNode(part));
  if (focused) (twinOf(focused, part) ?? /** @type {HTMLElement} */ (part)).focus();
}

/**
 * The same control in the new part; without one the part itself takes the focus, so that whoever
 * works by keyboard goes on from there and not from the top of the page.
 *
 * @param {Element} focused
 * @param {Element} part
 * @returns {HTMLElement | null}
 */
function twinOf(focused, part) {
  if (focused.id) return document.getElementById(focused.id);
  const href = focused.getAttribute("href");
  return href ? part.querySelector(`a[href="${CSS.escape(href)}"]`) : null;
}

/** Pages that show what no event tells (trades) say how often to look: `data-every`, seconds. */
const every = Number(document.querySelector("[data-every]")?.getAttribute("data-every") ?? 0);
if (every && config.wallet) {
  setInterval(() => document.visibilityState === "visible" && refresh(), every * 1000);
}
