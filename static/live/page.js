// @ts-check
/** The page at `/live`: the visitor's newest events, and how they arrive. */

import { text, when } from "../web/config.js";
import { NftEvents } from "./nft-events.js";

const SHOWN = 50;

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const status = element("status");
const resume = element("resume");
const events = element("events");
const note = element("note");

/** @param {import("./options.js").State} state */
function showState(state) {
  status.textContent = text(state === "signedOut" ? "notSignedIn" : state);
  status.dataset.state = state;
  resume.hidden = state !== "superseded" && state !== "signedOut";
  if (state === "signedOut") note.textContent = text("signInFirst");
  resume.textContent = text(state === "superseded" ? "resume" : "haveSignedIn");
}

/** @param {import("./options.js").NftEvent} event */
function showEvent(event) {
  const time = document.createElement("time");
  time.dateTime = event.timestamp;
  time.textContent = when(event.timestamp, "medium");
  const type = document.createElement("code");
  type.textContent = event.type;
  const message = document.createElement("span");
  message.textContent = event.message;
  const item = document.createElement("li");
  item.append(message, " ", type, " ", time);
  events.prepend(item);
  if (events.children.length > SHOWN) events.lastElementChild?.remove();
  note.hidden = true;
}

const client = new NftEvents({
  after: 0,
  csrfToken: () => /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "",
  onEvent: showEvent,
  onState: showState,
  onReset: () => {
    note.textContent = text("earlierMissing");
    note.hidden = false;
  },
});
resume.addEventListener("click", () => client.resume());
client.start();
