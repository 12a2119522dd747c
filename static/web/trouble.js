// @ts-check
/** What went wrong, beside what was pressed: the words, and what to press next. */

import { ApiError } from "./api.js";
import { text } from "./config.js";
import { element } from "./elements.js";

/** Codes after which the page itself is out of date. */
const STALE = new Set([
  "BADGES_MISSING", "BADGE_CHANGED", "BADGE_STATUS", "INVALID_QUOTE", "NFT_CHANGED",
  "NFT_NOT_ACTIVE", "NFT_STATE", "NOTHING_TO_RETRY", "NOT_QUALIFIED", "NO_BURN_WANTED",
  "NO_SUCH_TIER", "QUOTE_CHANGED", "QUOTE_EXPIRED", "SOLD_OUT", "UPGRADE_CHANGED", "UPGRADE_STATE",
  "WRONG_LEVEL",
]); // prettier-ignore

/**
 * @param {HTMLElement | null} place
 * @param {unknown} error
 */
export function showTrouble(place, error) {
  if (!place) return;
  place.className = "notice warn";
  place.hidden = false;
  const words = element("span", {}, error instanceof Error ? error.message : text("offline"));
  place.replaceChildren(element("div", {}, words, ...wayOut(error)));
}

/** @param {unknown} error */
function wayOut(error) {
  const [code, status] = error instanceof ApiError ? [error.code, error.status] : ["", 0];
  if (status === 401) return [link(`/sign-in?next=${encodeURIComponent(location.pathname)}`, "signInAgain")];
  if (code === "UPGRADE_IN_PROGRESS" || code === "BURN_SIGNATURE_USED") return [link("/upgrades", "toUpgrades")];
  return status === 404 || STALE.has(code) ? [link("", "reload")] : [];
}

/**
 * @param {string} href
 * @param {string} name of its text
 */
const link = (href, name) => element("a", { href }, text(name));
