// @ts-check
/**
 * Buttons that make one call of the API: `data-post` is its address, `data-body` its JSON, and
 * `data-then` where to go afterwards (without it the page is brought up to date). An answer that
 * is not 2xx is told beside the button, in the element `data-says` names.
 */

import { ApiError, call, post } from "./api.js";
import { whileBusy } from "./busy.js";
import { byId } from "./config.js";
import { refresh } from "./live-parts.js";
import { showTrouble } from "./trouble.js";

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const button = /** @type {HTMLButtonElement | null} */ (target.closest("button[data-post]"));
  if (button) void whileBusy(button, () => act(button)).then(refresh);
  if (target.closest("#sign-out")) void signOut();
});

/** @param {HTMLButtonElement} button */
async function act(button) {
  const { post: path = "", body = "{}", then, key, says = "" } = button.dataset;
  const place = byId(says);
  if (place) place.hidden = true;
  try {
    // One key for each button, so that a click whose answer was lost has its effect once.
    const headers = key === undefined ? {} : { "Idempotency-Key": (button.dataset.key ||= crypto.randomUUID()) };
    const answer = await post(path, JSON.parse(body), headers);
    if (then) location.assign(then.replace("{id}", answer?.upgradeRequestId ?? ""));
  } catch (error) {
    showTrouble(place, error);
  }
}

async function signOut() {
  try {
    await call("POST", "/api/auth/logout", {});
  } catch (error) {
    const isOut = error instanceof ApiError && error.status === 401;
    if (!isOut) return showTrouble(byId("wallet-notice"), error); // else one would only seem to be
  }
  location.assign("/");
}
