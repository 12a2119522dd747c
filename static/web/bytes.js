// @ts-check
/** Base58, base64, and the one place of a Solana transaction that a wallet writes to. */

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const SIGNATURE = 64; // bytes
const KEY = 32; // bytes

/** @param {Uint8Array} bytes */
export function base58(bytes) {
  let number = 0n;
  for (const byte of bytes) number = number * 256n + BigInt(byte);
  let digits = "";
  for (; number > 0n; number /= 58n) digits = ALPHABET[Number(number % 58n)] + digits;
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return "1".repeat(zeros < 0 ? bytes.length : zeros) + digits;
}

/** @param {Uint8Array} bytes */
export const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));

/** @param {string} encoded */
export const fromBase64 = (encoded) => Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));

/**
 * Where a transaction's message begins, and where `key`'s signature belongs.
 * Throws when the transaction does not ask for this key.
 *
 * @param {Uint8Array} transaction legacy or version 0
 * @param {Uint8Array} key
 */
export function signaturePlace(transaction, key) {
  const [signatures, after] = compactNumber(transaction, 0);
  const message = after + signatures * SIGNATURE;
  const header = message + (transaction[message] & 0x80 ? 1 : 0);
  const [, keys] = compactNumber(transaction, header + 3);
  for (let place = 0; place < transaction[header]; place += 1) {
    const begin = keys + place * KEY;
    if (key.every((byte, at) => transaction[begin + at] === byte)) {
      return { message, signature: after + place * SIGNATURE };
    }
  }
  throw new Error("The transaction does not ask for this wallet's signature.");
}

/**
 * Seven bits a byte, the lowest first.
 *
 * @param {Uint8Array} bytes
 * @param {number} at
 * @returns {[number, number]} the number and where it ends
 */
function compactNumber(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at];
    at += 1;
    value |= (byte & 0x7f) << shift;
    if (!(byte & 0x80)) return [value, at];
  }
}
