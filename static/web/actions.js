// @ts-check
/**
 * Buttons that make one call of the API: `data-post` is its address, `data-body` its JSON, and
 * `data-then` where to go afterwards (without it the page is brought up to date). An answer that
 * is not 2xx is told beside the button, in the element `data-says` names.
 */

import { call, post } from "./api.js";
import { byId, text } from "./config.js";
import { refresh } from "./live-parts.js";

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const button = /** @type {HTMLButtonElement | null} */ (target.closest("button[data-post]"));
  if (button) void act(button);
  if (target.closest("#sign-out")) void signOut();
});

/** @param {HTMLButtonElement} button */
async function act(button) {
  const { post: path = "", body = "{}", then, key, says = "" } = button.dataset;
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    // One key for each button, so that a click whose answer was lost has its effect once.
    const headers = key === undefined ? {} : { "Idempotency-Key": (button.dataset.key ||= crypto.randomUUID()) };
    const answer = await post(path, JSON.parse(body), headers);
    if (then) return location.assign(then.replace("{id}", answer?.upgradeRequestId ?? ""));
    done(button);
    await refresh();
  } catch (error) {
    done(button);
    tell(byId(says), error instanceof Error ? error.message : text("offline"));
  }
}

/** @param {HTMLButtonElement} button */
function done(button) {
  button.disabled = false;
  button.removeAttribute("aria-busy");
}

/**
 * @param {HTMLElement | null} place
 * @param {string} message
 */
function tell(place, message) {
  if (!place) return;
  place.textContent = message;
  place.hidden = false;
}

async function signOut() {
  await call("POST", "/api/auth/logout", {}).catch(() => {});
  location.assign("/");
}
