// @ts-check
/**
 * The wallets in this browser, by the Wallet Standard (github.com/wallet-standard): two events,
 * with which page and wallet find each other whichever of them loads first.
 */

/**
 * The parts of the standard that are used here.
 * @typedef {{ address: string, publicKey: Uint8Array, chains: readonly string[] }} Account
 * @typedef {{ name: string, icon: string, chains: readonly string[],
 *   accounts: readonly Account[], features: Record<string, any> }} Wallet
 */

const REMEMBERED = "aiw3-wallet";
const CAN_SIGN_IN = ["standard:connect", "solana:signMessage"];

/** @type {Wallet[]} */
const found = [];
/** @type {Set<() => void>} */
const listeners = new Set();

const api = Object.freeze({
  /** @param {Wallet[]} wallets */
  register(...wallets) {
    found.push(...wallets.filter(isOfUse));
    for (const listener of listeners) listener();
    return () => {
      for (const wallet of wallets) found.splice(found.indexOf(wallet), 1);
      for (const listener of listeners) listener();
    };
  },
});

/** @param {Wallet} wallet */
function isOfUse(wallet) {
  const isSolana = wallet.chains.some((chain) => chain.startsWith("solana:"));
  return isSolana && CAN_SIGN_IN.every((name) => name in wallet.features);
}

window.addEventListener("wallet-standard:register-wallet", (event) => {
  /** @type {CustomEvent} */ (event).detail(api);
});
window.dispatchEvent(new CustomEvent("wallet-standard:app-ready", { detail: api }));

/** @returns {readonly Wallet[]} those known so far */
export const wallets = () => found;

/** @param {() => void} listener called when one comes or goes */
export const onWallets = (listener) => void listeners.add(listener);

/** The wallet that the visitor signed in with. */
export function rememberedWallet() {
  const name = localStorage.getItem(REMEMBERED);
  return found.find((wallet) => wallet.name === name);
}

/** @param {Wallet} wallet */
export const remember = (wallet) => localStorage.setItem(REMEMBERED, wallet.name);

/**
 * Resolves with the remembered wallet, which may register itself a little later than the page.
 *
 * @param {number} within milliseconds
 * @returns {Promise<Wallet | undefined>}
 */
export function waitForWallet(within) {
  return new Promise((resolve) => {
    const look = () => {
      const wallet = rememberedWallet();
      if (wallet) done(wallet);
    };
    /** @param {Wallet} [wallet] */
    const done = (wallet) => {
      clearTimeout(timer);
      listeners.delete(look);
      resolve(wallet);
    };
    const timer = setTimeout(done, within);
    listeners.add(look);
    look();
  });
}

/**
 * The accounts that the wallet shares; it may ask its owner first, unless `silent`.
 *
 * @param {Wallet} wallet
 * @param {{ silent?: boolean }} [how]
 * @returns {Promise<readonly Account[]>}
 */
export async function connect(wallet, { silent = false } = {}) {
  if (wallet.accounts.length) return wallet.accounts;
  const { accounts } = await wallet.features["standard:connect"].connect({ silent });
  return accounts;
}

/**
 * So that a person can compare its ends.
 *
 * @param {string} address
 */
export const shorten = (address) => (address.length > 12 ? `${address.slice(0, 4)}…${address.slice(-4)}` : address);

/**
 * Whether the owner said no. Wallets agree on 4001 (EIP-1193), and else only on the word.
 *
 * @param {any} error
 */
export const isRejection = (error) =>
  error?.code === 4001 || /reject|declin|denied|cancel/i.test(String(error?.message ?? error));
