// @ts-check
/** Calls of the API with the browser's session. */

import { config, text } from "./config.js";

const WITHIN = 20_000; // milliseconds

/** An answer that is not 2xx; `message` is for the visitor. */
export class ApiError extends Error {
  /**
   * @param {number} status 0: no answer
   * @param {string} code
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const csrfToken = () => /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "";

/** @param {string} path */
export const get = (path) => call("GET", path);

/**
 * @param {string} path
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 */
export const post = (path, body = {}, headers = {}) => call("POST", path, body, headers);

/**
 * Throws ApiError.
 *
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>} null for an empty answer
 */
export async function call(method, path, body, headers = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken(), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(WITHIN),
    });
  } catch {
    throw new ApiError(0, "OFFLINE", text("offline"));
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  const code = answer?.error_code ?? "ERROR";
  const known = config.texts[`error.${code}`] ?? config.texts[`status.${response.status}`];
  throw new ApiError(response.status, code, known ?? text("failed", { message: answer?.message ?? "" }));
}
