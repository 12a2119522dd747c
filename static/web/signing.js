// @ts-check
/** What the pages ask of a wallet: a signed sign-in message, and a signed burn. */

import { get, post } from "./api.js";
import { base58, fromBase64, toBase64 } from "./bytes.js";
import { config, text } from "./config.js";
import { connect, isRejection, remember, shorten, waitForWallet } from "./wallets.js";

/** @typedef {import("./wallets.js").Wallet} Wallet */
/** @typedef {import("./wallets.js").Account} Account */
/** @typedef {(message: string) => void} Say */

const NETWORK = config.chain.replace("solana:", "Solana ");
const WALLET_WITHIN = 3_000; // milliseconds

/** Something that the visitor can put right; `message` says how. */
export class WalletProblem extends Error {}

/**
 * A browser session for the wallet's first account. Throws WalletProblem or ApiError.
 *
 * @param {Wallet} wallet
 * @param {Say} say
 */
export async function signIn(wallet, say) {
  const facts = { wallet: wallet.name };
  say(text("connectingWallet", facts));
  const [account] = await asking(wallet, () => connect(wallet));
  if (!account) throw new WalletProblem(text("noAccount", facts));
  const { message } = await get(`/api/auth/nonce/${account.address}`);
  say(text("signMessage", facts));
  const bytes = new TextEncoder().encode(message);
  const { signMessage } = wallet.features["solana:signMessage"];
  const [signed] = await asking(wallet, () => signMessage({ account, message: bytes }));
  say(text("signedIn"));
  const signature = base58(signed.signature);
  await post("/api/auth/login", { address: account.address, message, signature });
  remember(wallet);
}

/**
 * The burn of an upgrade: fetched fresh, signed, handed in. Throws WalletProblem or ApiError.
 *
 * @param {string} upgrade the API's address of it
 * @param {Say} say
 */
export async function signBurn(upgrade, say) {
  say(text("preparing"));
  const { wallet, account } = await myWallet();
  const { burnTransaction } = await get(`${upgrade}/burn-transaction`);
  const transaction = fromBase64(burnTransaction);
  say(text("signBurn", { wallet: wallet.name }));
  const body = await signOrSend(wallet, account, transaction);
  say(text("sending"));
  await post(`${upgrade}/burn-confirm`, body);
  say(text("sent"));
}

/**
 * Signed for us to send; a wallet that only sends by itself gives the signature.
 *
 * @param {Wallet} wallet
 * @param {Account} account
 * @param {Uint8Array} transaction
 */
async function signOrSend(wallet, account, transaction) {
  const input = { account, transaction, chain: config.chain };
  const signer = wallet.features["solana:signTransaction"];
  if (signer) {
    const [{ signedTransaction }] = await asking(wallet, () => signer.signTransaction(input));
    return { signedTransaction: toBase64(signedTransaction) };
  }
  const sender = wallet.features["solana:signAndSendTransaction"];
  if (!sender) throw new WalletProblem(text("cannotSign", { wallet: wallet.name }));
  const [{ signature }] = await asking(wallet, () => sender.signAndSendTransaction(input));
  return { burnSignature: base58(signature) };
}

/** The wallet that the member signed in with, on the right account and network. */
async function myWallet() {
  const wallet = await waitForWallet(WALLET_WITHIN);
  if (!wallet) throw new WalletProblem(text("noWallet"));
  const facts = { wallet: wallet.name, mine: shorten(config.wallet ?? ""), network: NETWORK };
  const accounts = await asking(wallet, () => connect(wallet));
  const account = accounts.find(({ address }) => address === config.wallet);
  if (!account) {
    throw new WalletProblem(text("otherAccount", { ...facts, other: shorten(accounts[0]?.address ?? "?") }));
  }
  if (![...wallet.chains, ...account.chains].includes(config.chain)) {
    throw new WalletProblem(text("wrongNetwork", facts));
  }
  return { wallet, account };
}

/**
 * @template T
 * @param {Wallet} wallet
 * @param {() => Promise<T>} question
 * @returns {Promise<T>}
 */
async function asking(wallet, question) {
  try {
    return await question();
  } catch (error) {
    const facts = { wallet: wallet.name, message: String(/** @type {any} */ (error)?.message ?? error) };
    throw new WalletProblem(text(isRejection(error) ? "rejected" : "failed", facts));
  }
}
