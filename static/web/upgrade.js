// @ts-check
/** The page of one upgrade: signing the burn, clocks that run, and the celebration. */

import { whileBusy } from "./busy.js";
import { byId, config } from "./config.js";
import { refresh } from "./live-parts.js";
import { signBurn } from "./signing.js";
import { showTrouble } from "./trouble.js";

const LOOK_EVERY = 2_000; // milliseconds while it runs; steps that no event tells
const SPARKS = 36;
let celebrated = byId("celebration") !== null; // it was complete before the page came
let told = standing();

document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("#sign-burn");
  if (button) void sign(/** @type {HTMLButtonElement} */ (button));
});
document.addEventListener("page:refreshed", () => {
  const state = byId("sign-state");
  if (state && !byId("sign-burn")) state.hidden = true; // it says what has passed
  sayProgress();
  if (!celebrated && byId("celebration")) celebrate();
});
setInterval(tick, 200);
setInterval(() => {
  const runs = byId("upgrade")?.hasAttribute("data-runs");
  if (runs && document.visibilityState === "visible") void refresh();
}, LOOK_EVERY);
if (location.hash === "#sign") {
  history.replaceState(null, "", location.pathname);
  const button = /** @type {HTMLButtonElement | null} */ (byId("sign-burn"));
  button?.focus(); // where the wallet's dialog gives the focus back to
  if (button) void sign(button);
}

/** @param {HTMLButtonElement} button */
async function sign(button) {
  await whileBusy(button, async () => {
    try {
      await signBurn(button.dataset.upgrade ?? "", say);
    } catch (error) {
      showTrouble(byId("sign-state"), error);
    }
  });
  await refresh();
}

/** @param {string} message */
function say(message) {
  const place = byId("sign-state");
  if (!place) return;
  place.hidden = false;
  place.className = "notice";
  place.textContent = message;
}

/** The step that the upgrade has come to, in the words of the page. */
function standing() {
  const steps = [...document.querySelectorAll("#upgrade [data-step]:not([data-step=ahead]) .name")];
  return steps.at(-1)?.textContent?.trim() ?? "";
}

/** For those who hear the page instead of seeing it: each step once, as it comes. */
function sayProgress() {
  const place = byId("progress-said");
  const now = standing();
  if (!place || now === told) return;
  told = now;
  place.textContent = now;
}

/** The steps that run count their seconds. */
function tick() {
  for (const clock of document.querySelectorAll("[data-since]")) {
    const seconds = (Date.now() - Date.parse(clock.getAttribute("data-since") ?? "")) / 1000;
    clock.textContent = elapsed(Math.max(0, seconds));
  }
}

/** @param {number} value seconds: 0.4 s, 12 s, 3 min 20 s */
function elapsed(value) {
  const format = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  if (value < 10) return `${value.toLocaleString(config.language, format)} s`;
  const [minutes, rest] = [Math.floor(value / 60), Math.floor(value % 60)];
  return minutes ? `${minutes} min ${rest} s` : `${rest} s`;
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
