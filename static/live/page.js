// @ts-check
/** The page at `/live`: the visitor's newest events, and how they arrive. */

import { NftEvents } from "./nft-events.js";

const SHOWN = 50;

const TEXTS = {
  connecting: "Connecting …",
  live: "Live",
  polling: "Connected, by asking again and again",
  waiting: "Connection lost, trying again …",
  superseded: "Shown in newer tabs",
  signedOut: "You are not signed in",
  stopped: "Stopped",
};

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const status = element("status");
const resume = element("resume");
const events = element("events");
const note = element("note");

/** @param {import("./options.js").State} state */
function showState(state) {
  status.textContent = TEXTS[state];
  status.dataset.state = state;
  resume.hidden = state !== "superseded" && state !== "signedOut";
  if (state === "signedOut") note.textContent = "Sign in with your wallet, then come back here.";
  resume.textContent = state === "superseded" ? "Show them here" : "I have signed in";
}

/** @param {import("./options.js").NftEvent} event */
function showEvent(event) {
  const time = document.createElement("time");
  time.dateTime = event.timestamp;
  time.textContent = new Date(event.timestamp).toLocaleString();
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
    note.textContent = "Earlier events are not shown here.";
    note.hidden = false;
  },
});
resume.addEventListener("click", () => client.resume());
client.start();
