// @ts-check
/** The page of one upgrade: signing the burn, clocks that run, and the celebration. */

import { byId, text } from "./config.js";
import { refresh } from "./live-parts.js";
import { signBurn } from "./signing.js";

const LOOK_EVERY = 2_000; // milliseconds while it runs; steps that no event tells
const SPARKS = 36;
let celebrated = byId("celebration") !== null; // it was complete before the page came

document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("#sign-burn");
  if (button) void sign(/** @type {HTMLButtonElement} */ (button));
});
document.addEventListener("page:refreshed", () => {
  const state = byId("sign-state");
  if (state && !byId("sign-burn")) state.hidden = true; // it says what has passed
  if (!celebrated && byId("celebration")) celebrate();
});
setInterval(tick, 200);
setInterval(() => {
  const runs = byId("upgrade")?.hasAttribute("data-runs");
  if (runs && document.visibilityState === "visible") void refresh();
}, LOOK_EVERY);
if (location.hash === "#sign") {
  history.replaceState(null, "", location.pathname);
  const button = byId("sign-burn");
  if (button) void sign(/** @type {HTMLButtonElement} */ (button));
}

/** @param {HTMLButtonElement} button */
async function sign(button) {
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  let problem = "";
  try {
    await signBurn(button.dataset.upgrade ?? "", (message) => say(message, ""));
  } catch (error) {
    problem = error instanceof Error ? error.message : text("offline");
  }
  button.disabled = false;
  button.removeAttribute("aria-busy");
  if (problem) say(problem, "warn");
  await refresh();
}

/**
 * @param {string} message
 * @param {string} tone
 */
function say(message, tone) {
  const place = byId("sign-state");
  if (!place) return;
  place.hidden = false;
  place.className = `notice ${tone}`;
  place.textContent = message;
}

/** The steps that run count their seconds. */
function tick() {
  for (const clock of document.querySelectorAll("[data-since]")) {
    const seconds = (Date.now() - Date.parse(clock.getAttribute("data-since") ?? "")) / 1000;
    clock.textContent = `${Math.max(0, seconds).toFixed(1)} s`;
  }
}

function celebrate() {
  celebrated = true;
  const place = byId("celebration");
  if (!place || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (let count = 0; count < SPARKS; count += 1) {
    const spark = document.createElement("span");
    spark.className = "spark";
    spark.style.left = `${Math.random() * 100}%`;
    spark.style.animationDelay = `${Math.random() * 0.9}s`;
    spark.style.background = `hsl(${Math.random() * 360} 85% 65%)`;
    spark.addEventListener("animationend", () => spark.remove());
    place.append(spark);
  }
}
