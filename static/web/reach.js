// @ts-check
/** How I am reached: the language, my time zone, quiet hours, and my mail address. */

import { call } from "./api.js";
import { whileBusy } from "./busy.js";
import { byId, text } from "./config.js";

const PREFERENCES = "/api/v1/user/notification-preferences";
const ADDRESS = "/api/v1/user/notification-email";

const form = /** @type {HTMLFormElement} */ (byId("reach"));
const state = /** @type {HTMLElement} */ (byId("reach-state"));
const mail = /** @type {HTMLFormElement | null} */ (byId("mail"));

/**
 * @typedef {{ address: string, verified: boolean }} Address
 * @typedef {{ language: string, timeZone: string, email: Address | null,
 *   quietHours: { start: string, end: string } | null }} Reach
 */

/**
 * @param {HTMLFormElement} owner
 * @param {string} name
 */
const field = (owner, name) => /** @type {HTMLInputElement} */ (owner.elements.namedItem(name));

/** @param {Reach} reach */
export function showReach({ language, timeZone, quietHours, email }) {
  listZones(timeZone);
  field(form, "language").value = language;
  field(form, "timeZone").value = timeZone;
  field(form, "quiet").checked = quietHours !== null;
  if (quietHours) {
    field(form, "start").value = quietHours.start;
    field(form, "end").value = quietHours.end;
  }
  showHours();
  showAddress(email);
  for (const part of document.querySelectorAll("fieldset.fields")) part.removeAttribute("disabled");
}

/** @param {string} mine is listed also where this browser does not know it */
function listZones(mine) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = new Set([mine, "UTC", here, ...Intl.supportedValuesOf("timeZone")]);
  field(form, "timeZone").replaceChildren(...[...zones].map((zone) => new Option(zone)));
}

/** The times count only while the box is checked. */
function showHours() {
  for (const name of ["start", "end"]) field(form, name).disabled = !field(form, "quiet").checked;
}

form.addEventListener("change", async () => {
  showHours();
  if (!form.reportValidity()) return;
  const [start, end] = [field(form, "start").value, field(form, "end").value];
  const quietHours = field(form, "quiet").checked ? { start, end } : null;
  const wanted = { language: field(form, "language").value, timeZone: field(form, "timeZone").value, quietHours };
  if (quietHours && start === end) return say("sameHours");
  try {
    await call("PUT", PREFERENCES, wanted);
    say("saved");
  } catch (error) {
    state.textContent = error instanceof Error ? error.message : text("offline");
  }
});
form.addEventListener("submit", (event) => event.preventDefault());

/** @param {string} name */
const say = (name) => void (state.textContent = text(name));

/** @param {Address | null} email */
function showAddress(email) {
  if (!mail) return;
  field(mail, "address").value = email?.address ?? "";
  const name = email ? (email.verified ? "mailConfirmed" : "mailAsked") : "mailNone";
  tell(text(name, { address: email?.address ?? "" }));
  /** @type {HTMLElement} */ (byId("mail-remove")).hidden = !email;
}

/** @param {string} words */
function tell(words) {
  const place = byId("mail-state");
  if (place) place.textContent = words;
}

mail?.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = /** @type {HTMLButtonElement} */ (mail.querySelector("button"));
  void whileBusy(button, () => change(() => call("PUT", ADDRESS, { address: field(mail, "address").value })));
});
byId("mail-remove")?.addEventListener("click", () => change(() => call("DELETE", ADDRESS)));

/** @param {() => Promise<Address | null>} work */
async function change(work) {
  try {
    showAddress(await work());
  } catch (error) {
    tell(error instanceof Error ? error.message : text("offline"));
  }
}
