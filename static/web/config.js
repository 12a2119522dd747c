// @ts-check
/** What the server tells the scripts of a page, and its texts in the visitor's language. */

/**
 * @typedef {object} PageConfig
 * @property {string | null} wallet of the member who is signed in
 * @property {number} head the last event that the page shows
 * @property {string} chain as wallets name it: `solana:mainnet`
 * @property {boolean} demoWallet
 * @property {string} language
 * @property {Record<string, string>} texts
 */

/** @type {PageConfig} */
export const config = JSON.parse(document.getElementById("page-config")?.textContent ?? "{}");

/**
 * @param {string} name
 * @param {Record<string, string>} [facts] for the `{names}` in the text
 */
export function text(name, facts = {}) {
  const sentence = config.texts[name] ?? name;
  return sentence.replace(/\{(\w+)\}/g, (whole, key) => facts[key] ?? whole);
}

/**
 * A moment as the server's pages say it, which name UTC in their footer.
 *
 * @param {string} moment ISO 8601
 * @param {"short" | "medium"} [precision] medium: with seconds
 */
export const when = (moment, precision = "short") =>
  new Date(moment).toLocaleString(config.language, {
    dateStyle: "medium", timeStyle: precision, timeZone: "UTC", hourCycle: "h23",
  }); // prettier-ignore

/** @param {string} id */
export const byId = (id) => document.getElementById(id);
