// @ts-check
/** On every page: the live connection, news, the wallet's state, and buttons that call the API. */

import { NftEvents } from "../live/nft-events.js";
import "./actions.js";
import { csrfToken } from "./api.js";
import { byId, config, text } from "./config.js";
import { countUnread } from "./bell.js";
import { registerDemoWallet } from "./demo-wallet.js";
import { refreshSoon } from "./live-parts.js";
import { showNews } from "./news.js";
import { watchWallet } from "./wallet-state.js";

if (config.demoWallet) registerDemoWallet();
if (config.wallet) {
  follow();
  void countUnread();
  void watchWallet();
}

function follow() {
  const label = /** @type {HTMLElement} */ (byId("connection"));
  const client = new NftEvents({
    after: config.head,
    csrfToken,
    onEvent: (event) => {
      document.dispatchEvent(new CustomEvent("page:event", { detail: event }));
      refreshSoon();
      showNews();
      if (event.type.startsWith("notification")) void countUnread();
    },
    onReset: refreshSoon,
    onState: (state) => {
      label.dataset.state = state;
      label.replaceChildren(Object.assign(document.createElement("span"), { textContent: text(state) }));
      if (state === "superseded") label.append(resumeButton(client));
      if (state === "signedOut") location.reload(); // the server knows where to go on
      if (state === "live") refreshSoon(); // what happened while the page was being made
    },
  });
  window.addEventListener("pagehide", () => client.stop());
  window.addEventListener("pageshow", () => client.resume());
  client.start();
}

/** @param {NftEvents} client */
function resumeButton(client) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "slim";
  button.textContent = text("resume");
  button.addEventListener("click", () => client.resume());
  return button;
}
