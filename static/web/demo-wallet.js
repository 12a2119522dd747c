// @ts-check
/**
 * The demo's wallet: a Wallet Standard wallet made of WebCrypto's Ed25519. Its key cannot be read
 * out, lives in this browser's IndexedDB, and signs only what its owner approves in a dialog.
 */

import { base58, signaturePlace } from "./bytes.js";
import { byId, config, text } from "./config.js";

const CHAIN = /** @type {`solana:${string}`} */ (config.chain);
const ICON =
  "data:image/svg+xml," +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" ' +
      'fill="#8a5200"/><path d="M7 11h16a2 2 0 0 1 2 2v9H9a2 2 0 0 1-2-2zm0 0 13-4v4" fill="none" ' +
      'stroke="#fff" stroke-width="2"/></svg>',
  );

/** @returns {Promise<IDBDatabase>} */
const openStore = () =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open("aiw3-demo-wallet", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("keys");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} work
 * @returns {Promise<T>}
 */
async function inStore(mode, work) {
  const database = await openStore();
  try {
    return await new Promise((resolve, reject) => {
      const request = work(database.transaction("keys", mode).objectStore("keys"));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}

/** @returns {Promise<CryptoKeyPair>} */
async function keyPair() {
  const kept = await inStore("readonly", (store) => store.get("pair"));
  if (kept) return kept;
  const made = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
  await inStore("readwrite", (store) => store.put(made, "pair"));
  return /** @type {CryptoKeyPair} */ (made);
}

/** One question at a time. Throws what wallets throw when their owner says no. */
let asked = Promise.resolve();

/**
 * @param {string} question
 * @param {string} content
 */
function ask(question, content) {
  const answer = asked.then(() => showDialog(question, content));
  asked = answer.catch(() => {});
  return answer;
}

/**
 * @param {string} question
 * @param {string} content
 * @returns {Promise<void>}
 */
function showDialog(question, content) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("demo-dialog"));
  /** @type {HTMLElement} */ (byId("demo-question")).textContent = question;
  /** @type {HTMLElement} */ (byId("demo-content")).textContent = content;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve, reject) => {
    dialog.addEventListener(
      "close",
      () => {
        if (dialog.returnValue === "approve") resolve();
        else reject(Object.assign(new Error("User rejected the request."), { code: 4001 }));
      },
      { once: true },
    );
  });
}

class DemoWallet {
  version = "1.0.0";
  name = text("demoWallet");
  icon = ICON;
  chains = [CHAIN];
  /** @type {import("./wallets.js").Account[]} */
  accounts = [];
  features = {
    "standard:connect": { version: "1.0.0", connect: () => this.#connect() },
    "standard:events": { version: "1.0.0", on: () => () => {} },
    "solana:signMessage": {
      version: "1.0.0",
      /** @param {{ message: Uint8Array }} input */
      signMessage: (input) => this.#signMessage(input),
    },
    "solana:signTransaction": {
      version: "1.0.0",
      supportedTransactionVersions: ["legacy", 0],
      /** @param {{ transaction: Uint8Array }} input */
      signTransaction: (input) => this.#signTransaction(input),
    },
  };

  async #connect() {
    if (!this.accounts.length) {
      const { publicKey } = await keyPair();
      const raw = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
      const features = /** @type {const} */ (["solana:signMessage", "solana:signTransaction"]);
      this.accounts = [
        /** @type {any} */ ({ address: base58(raw), publicKey: raw, chains: [CHAIN], features }),
      ];
    }
    return { accounts: this.accounts };
  }

  /** @param {{ message: Uint8Array }} input */
  async #signMessage({ message }) {
    await ask(text("demoMessage"), new TextDecoder().decode(message));
    return [{ signedMessage: message, signature: await this.#sign(message) }];
  }

  /** @param {{ transaction: Uint8Array }} input */
  async #signTransaction({ transaction }) {
    const place = signaturePlace(transaction, this.accounts[0].publicKey);
    await ask(text("demoTransaction"), `${this.accounts[0].address}\n${transaction.length} bytes`);
    const signed = transaction.slice();
    signed.set(await this.#sign(transaction.slice(place.message)), place.signature);
    return [{ signedTransaction: signed }];
  }

  /** @param {Uint8Array} bytes */
  async #sign(bytes) {
    const { privateKey } = await keyPair();
    const data = /** @type {BufferSource} */ (bytes);
    return new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, privateKey, data));
  }
}

/** Makes itself known as any wallet does. */
export function registerDemoWallet() {
  const wallet = new DemoWallet();
  /** @param {{ register: (wallet: DemoWallet) => void }} api */
  const register = ({ register }) => register(wallet);
  window.dispatchEvent(new CustomEvent("wallet-standard:register-wallet", { detail: register }));
  window.addEventListener("wallet-standard:app-ready", (event) => {
    register(/** @type {CustomEvent} */ (event).detail);
  });
}
