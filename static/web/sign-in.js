// @ts-check
/** The sign-in page: a button for each wallet, and what became of a click. */

import { whileBusy } from "./busy.js";
import { byId, text } from "./config.js";
import { signIn } from "./signing.js";
import { onWallets, wallets } from "./wallets.js";

const card = /** @type {HTMLElement} */ (byId("sign-in"));
const list = /** @type {HTMLElement} */ (byId("wallets"));
const state = /** @type {HTMLElement} */ (byId("sign-in-state"));
const none = /** @type {HTMLElement} */ (byId("no-wallet"));
const PATIENCE = 1_000; // milliseconds until "none was found", which a late wallet takes back

/** @param {import("./wallets.js").Wallet} wallet */
function item(wallet) {
  const button = document.createElement("button");
  button.type = "button";
  const icon = new Image(32, 32);
  icon.alt = "";
  if (/^data:image\//.test(wallet.icon)) icon.src = wallet.icon;
  button.append(icon, wallet.name);
  button.addEventListener("click", () => whileBusy(button, () => use(wallet)));
  const row = document.createElement("li");
  row.append(button);
  return row;
}

function show() {
  list.replaceChildren(...wallets().map(item));
  list.removeAttribute("aria-busy");
  none.hidden = wallets().length > 0;
}

/**
 * @param {string} message
 * @param {string} [tone]
 */
function say(message, tone = "") {
  state.textContent = message;
  state.className = `notice ${tone}`;
  state.hidden = false;
}

/** @param {import("./wallets.js").Wallet} wallet */
async function use(wallet) {
  try {
    await signIn(wallet, say);
    location.assign(`/sign-in?next=${encodeURIComponent(card.dataset.target ?? "/")}`); // leads on
  } catch (error) {
    say(error instanceof Error ? error.message : text("offline"), "warn");
  }
}

if (wallets().length) show();
else setTimeout(show, PATIENCE);
onWallets(show);
