// @ts-check
/** Says so when the wallet shows another account than the one that is signed in, or goes away. */

import { byId, config, text } from "./config.js";
import { connect, shorten, waitForWallet } from "./wallets.js";

const WITHIN = 2_000; // milliseconds

export async function watchWallet() {
  const wallet = await waitForWallet(WITHIN);
  if (!wallet) return;
  await connect(wallet, { silent: true }).catch(() => []);
  if (wallet.accounts.length) compare(wallet);
  wallet.features["standard:events"]?.on("change", () => compare(wallet));
}

/** @param {import("./wallets.js").Wallet} wallet */
function compare(wallet) {
  const addresses = wallet.accounts.map(({ address }) => address);
  const facts = { wallet: wallet.name, mine: shorten(config.wallet ?? ""), other: shorten(addresses[0] ?? "") };
  if (addresses.includes(config.wallet ?? "")) say("");
  else if (addresses.length) say(text("otherAccount", facts), text("signInAgain"));
  else say(text("disconnected", facts));
}

/**
 * @param {string} message empty: nothing is wrong
 * @param {string} [action] the text of a link to the sign-in
 */
function say(message, action) {
  const place = byId("wallet-notice");
  if (!place) return;
  place.hidden = !message;
  place.className = "notice warn";
  const words = document.createElement("div");
  words.append(message);
  if (action) {
    const link = document.createElement("a");
    link.href = `/sign-in?switch&next=${encodeURIComponent(location.pathname)}`;
    link.textContent = action;
    words.append(link);
  }
  place.replaceChildren(words);
}
